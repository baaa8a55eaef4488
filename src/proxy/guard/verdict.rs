//! What is wrong with the request that is under way: found where its bytes are read, told where it is answered.

use super::Violation;
use std::{cell::Cell, rc::Rc};

/// The cell that the reader of a connection, or of a stream, shares with the walk of its current request.
///
/// The walk asks [`take`](Self::take) at its begin whether the request is refused already, and again when reading its
/// body has failed.
#[derive(Clone, Debug, Default)]
pub struct Verdict(Rc<State>);

#[derive(Debug, Default)]
struct State {
    violation: Cell<Option<Violation>>,
    head_bytes: Cell<usize>,
}

impl Verdict {
    /// Why the current request is refused, if it is. Answered once.
    ///
    /// The bytes behind the request are never served: the answer has to say `Connection: close`, and its body may still
    /// be on the way, so closing should linger (rulings, 31).
    pub fn take(&self) -> Option<Violation> {
        self.0.violation.take()
    }

    /// What is wrong with the request, as long as nobody has taken it.
    pub(in crate::proxy) fn violation(&self) -> Option<Violation> {
        self.0.violation.get()
    }

    /// How many bytes the head of the request has.
    pub(in crate::proxy) fn head_bytes(&self) -> usize {
        self.0.head_bytes.get()
    }

    /// A request begins, with a head of so many bytes.
    pub(in crate::proxy) fn begin(&self, head_bytes: usize) {
        self.0.head_bytes.set(head_bytes);
        self.0.violation.set(None);
    }

    /// The current request is refused, or its body is at fault.
    pub(in crate::proxy) fn refuse(&self, violation: Violation) {
        self.0.violation.set(Some(violation));
    }
}
