//! How long the guard waits for a client's next bytes, by what they belong to.
//!
//! Nothing is counted while the gate has work to do: a connection that waits for the store has no deadline here. A wait
//! is begun where reading would block, with a store or two; nothing is undone when bytes come. The wait for a next
//! request has two parts, and one deadline: after the first the connection is quiet, and is parked.

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
    /// The first part of the wait for a request is over.
    quiet: bool,
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
    /// It can do with less from now on: it has been idle for a while, and may be for long.
    Quiet,
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
            quiet: false,
            pace: Pace::default(),
        }
    }

    /// Has the end of an exchange begin the wait for the next request.
    pub(super) fn told_by(&self, verdict: &Verdict) {
        verdict.measure(Rc::clone(&self.watch), self.waits.quiet());
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
            self.watch.set(self.waits.quiet());
        }
    }

    /// A request's head was passed on.
    pub(super) fn begun(&mut self) {
        self.waiting = None;
        self.unused = false;
        self.quiet = false;
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
                Awaited::Request => self.waits.quiet(),
                Awaited::Head | Awaited::Body => self.waits.request_head,
            });
        }
        self.waiting = Some(awaited);
        ready!(self.watch.poll(cx));
        Poll::Ready(match awaited {
            Awaited::Request if self.unused || self.quiet => Expired::Unused,
            Awaited::Request => {
                self.quiet = true;
                self.watch.extend(self.waits.keep_alive - self.waits.quiet());
                Expired::Quiet
            }
            Awaited::Head | Awaited::Body => Expired::Late(Violation::HeadTimeout),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Limits, Timeouts};
    use std::{task::Waker, time::Duration};

    const SECOND: Duration = Duration::from_secs(1);

    /// In how many seconds after its exchange a connection becomes quiet, and in how many its time is over.
    fn idles(keep_alive: u32) -> (u32, u32) {
        let sweep = Rc::new(Sweep::new(SECOND));
        let timeouts = Timeouts {
            keep_alive: SECOND * keep_alive,
            ..Timeouts::default()
        };
        let waits = Waits::new(&sweep, &timeouts, &Limits::default());
        let (mut patience, verdict) = (Patience::new(&sweep, waits), Verdict::default());
        let cx = Context::from_waker(Waker::noop());
        patience.told_by(&verdict);
        patience.begun();
        verdict.begin(1);
        patience.rest(&verdict, &cx);
        drop(verdict.exchange());
        let mut quiet = None;
        for second in 0.. {
            sweep.tick(SECOND * second);
            while let Poll::Ready(expired) = patience.poll_expired(Awaited::Request, &cx) {
                match (expired, quiet) {
                    (Expired::Quiet, None) => quiet = Some(second),
                    (Expired::Unused, Some(quiet)) => return (quiet, second),
                    _ => panic!("{expired:?} after {second} s"),
                }
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn a_connection_becomes_quiet_soon_and_has_its_whole_time_all_the_same() {
        for keep_alive in 0..100 {
            assert_eq!(idles(keep_alive), (keep_alive.min(1) + 2, keep_alive + 2));
        }
    }
}
