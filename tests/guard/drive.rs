//! Feeds bytes to the machine as a connection would, and makes the requests that the gate makes of them.

use bytes::Bytes;
use http::{HeaderMap, request::Parts};
use obsgate::proxy::guard::{Limits, Moulds, Progress, Requests, Violation};

/// What the machine has made of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Where each request ended.
    pub(crate) ends: Vec<usize>,
    /// What each of them says.
    pub(crate) read: Vec<Read>,
    pub(crate) released: usize,
    pub(crate) violation: Option<Violation>,
    /// Whether nothing is left over: the last byte was a request's last.
    pub(crate) whole: bool,
}

/// A request as somebody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) method: String,
    pub(crate) target: String,
    /// In lower case and sorted by name, so that maps compare.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: u64,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
}

impl Read {
    pub(crate) fn of(head: &Parts, body: u64, trailers: &HeaderMap) -> Self {
        Self {
            method: head.method.to_string(),
            target: match head.uri.path_and_query() {
                Some(target) if head.uri.authority().is_none() && head.uri.path().starts_with('/') => {
                    target.to_string()
                }
                _ => head.uri.to_string(),
            },
            headers: listed(&head.headers),
            body,
            trailers: listed(trailers),
        }
    }
}

pub(crate) fn drive<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut requests = Requests::new(Limits::default());
    let mut outcome = Outcome {
        ends: Vec::new(),
        read: Vec::new(),
        released: 0,
        violation: None,
        whole: true,
    };
    let mut pending: Vec<u8> = Vec::new();
    let mut moulds = Moulds::default();
    let mut under_way: Option<(Parts, u64)> = None;
    for piece in pieces {
        pending.extend_from_slice(piece);
        while !pending.is_empty() || requests.is_ended() {
            let inspected = requests.inspect(&pending);
            let released: Vec<u8> = pending.drain(..inspected.released).collect();
            outcome.released += inspected.released;
            match inspected.progress {
                Progress::Wanting => break,
                Progress::Head => {
                    let head = requests.layout().request(&Bytes::from(released), &mut moulds);
                    let head = head.expect("what the guard lets pass is a request");
                    assert!(under_way.replace((head, 0)).is_none());
                }
                Progress::Data => under_way.as_mut().unwrap().1 += inspected.data as u64,
                Progress::Ended => {
                    let (head, body) = under_way.take().unwrap();
                    let trailers = requests.take_trailers().unwrap_or_default();
                    outcome.read.push(Read::of(&head, body, &trailers));
                    outcome.ends.push(outcome.released);
                    requests.next();
                }
                Progress::Violated(violation) => {
                    outcome.violation = Some(violation);
                    outcome.whole = false;
                    return outcome;
                }
            }
        }
    }
    outcome.whole = pending.is_empty() && requests.is_at_head();
    outcome
}

pub(crate) fn whole(bytes: &[u8]) -> Outcome {
    drive([bytes])
}

fn listed(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
