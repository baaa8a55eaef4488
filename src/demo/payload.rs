//! Bytes held in memory, counted against one budget from the moment they arrive until the last holder lets go.

use super::fault::Fault;
use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How many bytes may still be held.
#[derive(Clone)]
pub(super) struct Budget(Arc<AtomicUsize>);

/// Bytes, and the share of the budget they take.
#[derive(Clone)]
pub(super) struct Payload {
    pub(super) bytes: Bytes,
    _share: Arc<Share>,
}

struct Share {
    budget: Budget,
    bytes: usize,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed) as u64
    }

    fn take(&self, bytes: usize) -> Result<(), Fault> {
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(bytes)
        }) {
            Ok(_) => Ok(()),
            Err(_) => Err(Fault::Memory),
        }
    }

    /// A share for an object without bytes yet: what its name and headers take, roughly.
    fn share(&self) -> Result<Share, Fault> {
        self.take(OVERHEAD)?;
        Ok(Share {
            budget: self.clone(),
            bytes: OVERHEAD,
        })
    }
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), Fault> {
        self.budget.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

impl Payload {
    /// Holds bytes that are there already.
    pub(super) fn hold(budget: &Budget, bytes: Bytes) -> Result<Self, Fault> {
        let mut share = budget.share()?;
        share.grow(bytes.len())?;
        Ok(Self {
            bytes,
            _share: Arc::new(share),
        })
    }

    /// Holds several pieces as one.
    pub(super) fn concat(budget: &Budget, pieces: &[&Bytes]) -> Result<Self, Fault> {
        let mut share = budget.share()?;
        share.grow(pieces.iter().map(|piece| piece.len()).sum())?;
        let mut bytes = Vec::new();
        for piece in pieces {
            bytes.extend_from_slice(piece);
        }
        Ok(Self {
            bytes: bytes.into(),
            _share: Arc::new(share),
        })
    }

    /// Reads a body to its end, or not at all when it says that it is too long.
    pub(super) async fn read<B>(budget: &Budget, mut body: B) -> Result<Self, Fault>
    where
        B: Body<Data = Bytes, Error: Display> + Unpin,
    {
        let mut share = budget.share()?;
        if body.size_hint().lower() > budget.left() {
            return Err(Fault::Memory);
        }
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Fault::IncompleteBody)?;
            if let Some(data) = frame.data_ref() {
                share.grow(data.len())?;
                bytes.extend_from_slice(data);
            }
        }
        Ok(Self {
            bytes: bytes.into(),
            _share: Arc::new(share),
        })
    }
}

/// What an object takes beside its bytes.
const OVERHEAD: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_given_back_when_the_last_holder_lets_go() {
        let budget = Budget::new(4096);
        let first = Payload::hold(&budget, Bytes::from(vec![0; 2048])).unwrap();
        let second = first.clone();
        assert_eq!(
            Payload::hold(&budget, Bytes::from(vec![0; 2048])).err(),
            Some(Fault::Memory)
        );
        drop(first);
        assert!(Payload::hold(&budget, Bytes::from(vec![0; 2048])).is_err());
        drop(second);
        assert!(Payload::hold(&budget, Bytes::from(vec![0; 2048])).is_ok());
    }
}
