//! How long a stream waits for its client, in both directions. In HTTP/1 the connection itself shows who is waited for;
//! here it carries many streams, and each has to be measured where its bytes come from and go to.

use crate::proxy::{
    Sweep, Waits,
    guard::{Verdict, Violation},
    pace::{Late, Pace},
    sweep::Watch,
};
use std::{
    cell::Cell,
    rc::Rc,
    task::{Context, Poll},
};

/// The patience with a request body.
#[derive(Debug)]
pub(in crate::proxy) struct Deadline {
    watch: Watch,
    waits: Waits,
    pace: Pace,
    verdict: Verdict,
}

/// What was handed out of an answer, as whoever watches over its stream sees it.
#[derive(Clone, Debug, Default)]
pub(in crate::proxy) struct Offered(Rc<Pieces>);

#[derive(Debug, Default)]
struct Pieces {
    given: Cell<u64>,
    is_out: Cell<bool>,
    answered: Cell<bool>,
}

impl Deadline {
    /// For one body; what is found of it goes into the `verdict` of its stream.
    pub(in crate::proxy) fn new(sweep: &Rc<Sweep>, waits: Waits, verdict: Verdict) -> Self {
        Self {
            watch: sweep.watch(),
            waits,
            pace: Pace::default(),
            verdict,
        }
    }

    /// So many bytes came.
    pub(in crate::proxy) fn came(&mut self, bytes: usize) {
        self.pace.came(bytes, &self.watch, &self.waits);
    }

    /// Waits for more. Ready when that takes too long.
    pub(in crate::proxy) fn poll_late(&mut self, cx: &Context<'_>) -> Poll<Violation> {
        self.pace.poll_late(&self.watch, &self.waits, cx).map(|late| {
            let violation = match late {
                Late::Idle => Violation::BodyTimeout,
                Late::Slow => Violation::BodyRate,
            };
            self.verdict.refuse(violation);
            violation
        })
    }
}

impl Offered {
    /// There is an answer, of which nothing was handed out yet.
    pub(super) fn answered(&self) {
        self.0.answered.set(true);
    }

    /// Whether there is an answer.
    pub(super) fn is_answered(&self) -> bool {
        self.0.answered.get()
    }

    /// The connection takes more: whatever was handed out has gone its way.
    pub(in crate::proxy) fn asked(&self) {
        self.0.is_out.set(false);
    }

    /// A piece was handed out; it waits for the client to take it.
    pub(in crate::proxy) fn gave(&self) {
        self.0.is_out.set(true);
        self.0.given.set(self.0.given.get().wrapping_add(1));
    }

    /// The number of the piece that the client has to take before there is another.
    pub(super) fn waiting(&self) -> Option<u64> {
        self.0.is_out.get().then(|| self.0.given.get())
    }
}
