//! What the origin received: for tests, which ask whether a request came at all and what it looked like.

use http::{HeaderMap, Method, request::Parts};
use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
};

/// The head of a request that arrived.
#[derive(Clone)]
pub struct Received {
    /// The method.
    pub method: Method,
    /// The request target, byte for byte.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
}

/// Keeps the last heads, and counts them all.
#[derive(Default)]
pub(super) struct Recorder(Mutex<Record>);

#[derive(Default)]
struct Record {
    heads: VecDeque<Received>,
    calls: usize,
}

impl Recorder {
    pub(super) fn note(&self, head: &Parts) {
        let received = Received {
            method: head.method.clone(),
            target: head.uri.to_string(),
            headers: head.headers.clone(),
        };
        let mut record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        record.calls += 1;
        record.heads.push_back(received);
        if record.heads.len() > KEPT {
            record.heads.pop_front();
        }
    }

    pub(super) fn heads(&self) -> Vec<Received> {
        let record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        record.heads.iter().cloned().collect()
    }

    pub(super) fn calls(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).calls
    }
}

/// Shows no header and no query: both may hold secrets.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "{} {path}", self.method)
    }
}

/// Heads kept; a demo may run for long.
const KEPT: usize = 1024;
