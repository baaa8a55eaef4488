//! What a connection's guard and its service tell each other: why the next request is refused, and when the current one
//! is over.

use super::Violation;
use crate::proxy::sweep::{Tick, Watch};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    task::{Context, Waker},
};

/// The cell that the guard of a connection and its service share.
///
/// The service takes an [`Exchange`] when it is called and keeps it in the body of its answer: one that is dropped too
/// early lets the next request come too early, one that is kept stops the connection. Then it asks [`take`] whether the
/// request before it stands for one that was refused, or has a body that is known to be at fault already. When reading
/// the body fails it asks again.
///
/// [`take`]: Self::take
#[derive(Clone, Debug, Default)]
pub struct Verdict(Rc<State>);

/// One request and its answer. The guard releases nothing of the next request before this is dropped.
#[derive(Debug)]
pub struct Exchange(Rc<State>);

#[derive(Debug, Default)]
struct State {
    violation: Cell<Option<Violation>>,
    phase: Cell<Phase>,
    head_bytes: Cell<usize>,
    waiting: RefCell<Option<Waker>>,
    idle: OnceCell<Idle>,
    /// The guard has nothing to wait for but the end of the exchange.
    resting: Cell<bool>,
}

/// What a connection is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    UnderWay,
    /// Idle for a while, with nothing of a next request and nothing left to write.
    Quiet,
}

/// How long a connection is idle before somebody looks at it once the exchange has ended.
#[derive(Debug)]
struct Idle {
    watch: Rc<Watch>,
    time: Tick,
}

impl Verdict {
    /// Why the current request is refused, if it is. Answered once.
    ///
    /// The bytes behind the request are never served: the answer has to say `Connection: close`, and its body may still
    /// be on the way, so closing should linger (rulings, 31).
    pub fn take(&self) -> Option<Violation> {
        self.0.violation.take()
    }

    /// The exchange that is under way.
    pub fn exchange(&self) -> Exchange {
        Exchange(Rc::clone(&self.0))
    }

    /// From now on, the end of an exchange sets `watch` if the guard [rests](Self::rest) by then: nobody polls a
    /// connection whose answer was the last thing to do.
    pub(super) fn measure(&self, watch: Rc<Watch>, time: Tick) {
        // A connection has one guard.
        let _ = self.0.idle.set(Idle { watch, time });
    }

    pub(super) fn rest(&self) {
        self.0.resting.set(true);
    }

    /// How many bytes the head of the exchange came with: its own, and those of the body that were there with it.
    pub fn head_bytes(&self) -> usize {
        self.0.head_bytes.get()
    }

    /// A head, the real one or the one in its place, is on its way to the service.
    pub(in crate::proxy) fn begin(&self, head_bytes: usize) {
        self.0.head_bytes.set(head_bytes);
        self.0.phase.set(Phase::UnderWay);
    }

    /// The current request is refused, or its body is at fault.
    pub(in crate::proxy) fn refuse(&self, violation: Violation) {
        self.0.violation.set(Some(violation));
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.0.phase.get() == Phase::UnderWay
    }

    /// No request has come for a while.
    pub(super) fn quieten(&self) {
        self.0.phase.set(Phase::Quiet);
    }

    /// Whether the guard has found the connection quiet and has begun no exchange since. Answered once.
    pub(in crate::proxy) fn take_quiet(&self) -> bool {
        let is_quiet = self.0.phase.get() == Phase::Quiet;
        if is_quiet {
            self.0.phase.set(Phase::Idle);
        }
        is_quiet
    }

    /// Wakes the reader when the exchange under way has ended.
    pub(super) fn wait(&self, cx: &Context<'_>) {
        *self.0.waiting.borrow_mut() = Some(cx.waker().clone());
    }
}

impl Exchange {
    /// What is wrong with the request, if that was found only when it was under way.
    pub fn violation(&self) -> Option<Violation> {
        self.0.violation.get()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.phase.set(Phase::Idle);
        if self.0.resting.take()
            && let Some(idle) = self.0.idle.get()
        {
            idle.watch.set(idle.time);
        }
        if let Some(waker) = self.0.waiting.take() {
            waker.wake();
        }
    }
}
