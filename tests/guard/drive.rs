//! Feeds bytes to the machine as a connection would.

use obsgate::proxy::guard::{Limits, Progress, Requests, Violation};

/// What the machine has made of some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Where each request ended.
    pub(crate) ends: Vec<usize>,
    pub(crate) released: usize,
    pub(crate) violation: Option<Violation>,
    /// Whether nothing is left over: the last byte was a request's last.
    pub(crate) whole: bool,
}

pub(crate) fn drive<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut requests = Requests::new(Limits::default());
    let mut outcome = Outcome {
        ends: Vec::new(),
        released: 0,
        violation: None,
        whole: true,
    };
    let mut pending: Vec<u8> = Vec::new();
    for piece in pieces {
        pending.extend_from_slice(piece);
        while !pending.is_empty() {
            let inspected = requests.inspect(&pending);
            pending.drain(..inspected.released);
            outcome.released += inspected.released;
            match inspected.progress {
                Progress::Wanting => break,
                Progress::Ended => {
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
