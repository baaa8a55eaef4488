//! A piece of an answer in the hands of whoever writes it.

use super::intake::Intake;
use bytes::{Buf, Bytes};

/// A piece of an answer. That of a stream counts until it is dropped: when it was written, or when nobody wants it.
pub(super) struct Piece {
    bytes: Bytes,
    counted: Option<(Intake, usize)>,
}

impl Piece {
    /// One whose writing the connection tells of.
    pub(super) fn new(bytes: Bytes) -> Self {
        Self { bytes, counted: None }
    }

    /// One that tells `intake` itself.
    pub(super) fn counted(bytes: Bytes, intake: &Intake) -> Self {
        let counted = Some((intake.clone(), bytes.len()));
        Self { bytes, counted }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, length: usize) -> Bytes {
        self.bytes.copy_to_bytes(length)
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if let Some((intake, bytes)) = &self.counted {
            intake.account().let_piece_go(*bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Limits,
        proxy::{admission::Room, buffers::Share},
        telemetry::Counters,
    };
    use std::sync::Arc;

    #[test]
    fn it_has_its_bytes_and_as_long_as_it_is_there_the_account_is() {
        let counters = Arc::<Counters>::default();
        let share = Share {
            counters: Arc::clone(&counters),
            room: Room::of(&Limits::default(), 1),
        };
        let intake = Intake::counted(share);
        let mut plain = Piece::new(Bytes::from_static(b"plain"));
        plain.advance(2);
        assert_eq!((plain.remaining(), plain.chunk()), (3, &b"ain"[..]));
        assert_eq!(plain.copy_to_bytes(2), "ai");
        intake.account().answer(5);
        let piece = Piece::counted(Bytes::from_static(b"piece"), &intake);
        drop(intake);
        assert_eq!(counters.buffered.get(), 5);
        drop(piece);
        assert_eq!(counters.buffered.get(), 0);
    }
}
