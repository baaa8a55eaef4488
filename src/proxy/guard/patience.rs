//! How long the guard waits for a client's next bytes, by what they belong to.
//!
//! Nothing is counted while the gate has work to do: a connection that waits for the store has no deadline here. A wait
//! is begun where reading would block, with a store or two; nothing is undone when bytes come.

use super::{Verdict, Violation};
use crate::proxy::{
    Sweep, Waits,
    pace::{Late, Pace},
    sweep::Watch,
};
use std::{
    rc::Rc,
    task::{Context, Poll, ready},
};

/// The patience with one connection, from its begin to its end.
#[derive(Debug)]
pub struct Patience {
    watch: Rc<Watch>,
    waits: Waits,
    /// What is waited for, the body apart.
    waiting: Option<Awaited>,
    /// No request has begun yet.
    unused: bool,
    pace: Pace,
}

/// What the next bytes belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// To a request of which there is nothing yet.
    Request,
    /// To a head that has begun.
    Head,
    /// To a body.
    Body,
}

/// What becomes of a connection that has been waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expired {
    /// Nobody asked for anything: it ends without a word.
    Unused,
    /// There is a request that has to be refused.
    Late(Violation),
}

impl Patience {
    /// For a new connection: its first head has to be there in the time for a head, from now on.
    pub fn new(sweep: &Rc<Sweep>, waits: Waits) -> Self {
        let watch = Rc::new(sweep.watch());
        watch.set(waits.request_head);
        Self {
            watch,
            waits,
            waiting: Some(Awaited::Request),
            unused: true,
            pace: Pace::default(),
        }
    }

    /// Has the end of an exchange begin the wait for the next request.
    pub(super) fn told_by(&self, verdict: &Verdict) {
        verdict.measure(Rc::clone(&self.watch), self.waits.keep_alive);
    }

    /// Waits for nothing, until the exchange under way has ended.
    pub(super) fn rest(&mut self, verdict: &Verdict, cx: &Context<'_>) {
        self.waiting = Some(Awaited::Request);
        self.watch.clear_for(cx);
        verdict.rest();
    }

    /// The wait for a next request begins only now: the answer to the last one was not taken before.
    pub(super) fn answered(&self) {
        if self.waiting == Some(Awaited::Request) && !self.unused {
            self.watch.set(self.waits.keep_alive);
        }
    }

    /// A request's head was passed on.
    pub(super) fn begun(&mut self) {
        self.waiting = None;
        self.unused = false;
        self.pace = Pace::default();
    }

    /// So many bytes of a body came.
    pub(super) fn came(&mut self, bytes: usize) {
        self.pace.came(bytes, &self.watch, &self.waits);
    }

    /// Waits for more. Ready when that takes too long.
    pub(super) fn poll_expired(&mut self, awaited: Awaited, cx: &Context<'_>) -> Poll<Expired> {
        if awaited == Awaited::Body {
            let late = ready!(self.pace.poll_late(&self.watch, &self.waits, cx));
            return Poll::Ready(Expired::Late(match late {
                Late::Idle => Violation::BodyTimeout,
                Late::Slow => Violation::BodyRate,
            }));
        }
        // The time of a connection's first head began with the connection.
        if self.waiting != Some(awaited) && !self.unused {
            self.watch.set(match awaited {
                Awaited::Request => self.waits.keep_alive,
                Awaited::Head | Awaited::Body => self.waits.request_head,
            });
        }
        self.waiting = Some(awaited);
        self.watch.poll(cx).map(|()| match awaited {
            Awaited::Request => Expired::Unused,
            Awaited::Head | Awaited::Body => Expired::Late(Violation::HeadTimeout),
        })
    }
}
