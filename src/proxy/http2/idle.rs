//! How long a connection may go without a stream under way.

use crate::proxy::{
    Sweep, Waits,
    sweep::{Tick, Watch},
};
use std::{
    rc::Rc,
    task::{Context, Poll, ready},
};

/// The patience with a connection between its requests.
#[derive(Debug)]
pub(super) struct Idle {
    watch: Watch,
    waits: Waits,
    phase: Phase,
}

/// What is to be done about a connection that nobody uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Begin nothing new, let the client take what it has not taken yet, and close.
    Goodbye,
    /// Close: the client has had its time for that.
    Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No request has come yet.
    Unused,
    /// Streams are under way, and have deadlines of their own.
    Busy,
    /// There was a request before.
    Used,
    /// The word was given; so long the client may take.
    Closing(Tick),
}

impl Idle {
    /// For a new connection: its first request has to be there in the time for a head.
    pub(super) fn new(sweep: &Rc<Sweep>, waits: Waits) -> Self {
        let watch = sweep.watch();
        watch.set(waits.request_head);
        Self {
            watch,
            waits,
            phase: Phase::Unused,
        }
    }

    /// Ready when something is to be done.
    pub(super) fn poll(&mut self, is_idle: bool, cx: &Context<'_>) -> Poll<Word> {
        match (self.phase, is_idle) {
            (Phase::Closing(wait), false) => {
                // What is left has its own deadlines, and then the client its time again.
                self.watch.set(wait);
                return Poll::Pending;
            }
            (_, false) => {
                self.phase = Phase::Busy;
                return Poll::Pending;
            }
            (Phase::Busy, true) => {
                self.phase = Phase::Used;
                self.watch.set(self.waits.keep_alive);
            }
            _ => {}
        }
        ready!(self.watch.poll(cx));
        let wait = match self.phase {
            Phase::Unused => self.waits.request_head,
            Phase::Used | Phase::Busy => self.waits.body_idle,
            Phase::Closing(_) => return Poll::Ready(Word::Cut),
        };
        self.watch.set(wait);
        self.phase = Phase::Closing(wait);
        Poll::Ready(Word::Goodbye)
    }
}
