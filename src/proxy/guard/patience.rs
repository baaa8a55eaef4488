//! How long the guard waits for a client's next bytes, by what they belong to.
//!
//! Nothing is counted while the gate has work to do: a connection that waits for the store has no deadline here. A wait
//! is begun where reading would block, with a store or two; nothing is undone when bytes come.

use super::Violation;
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
    watch: Watch,
    waits: Waits,
    /// What is waited for, the body apart.
    waiting: Option<Awaited>,
    /// No request has begun yet.
    unused: bool,
    pace: Pace,
}

/// What the next bytes belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Awaited {
    /// To a request of which there is nothing yet.
    Request,
    /// To a head that has begun.
    Head,
    /// To a body.
    Body,
}

/// What becomes of a connection that has been waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Expired {
    /// Nobody asked for anything: it ends without a word.
    Unused,
    /// There is a request that has to be refused.
    Late(Violation),
}

impl Patience {
    /// For a new connection: its first head has to be there in the time for a head, from now on.
    pub fn new(sweep: &Rc<Sweep>, waits: Waits) -> Self {
        let watch = sweep.watch();
        watch.set(waits.request_head);
        Self {
            watch,
            waits,
            waiting: Some(Awaited::Request),
            unused: true,
            pace: Pace::default(),
        }
    }

    /// A request's head was passed on.
    pub(in crate::proxy) fn begun(&mut self) {
        self.waiting = None;
        self.unused = false;
        self.pace = Pace::default();
    }

    /// So many bytes of a body came.
    pub(in crate::proxy) fn came(&mut self, bytes: usize) {
        self.pace.came(bytes, &self.watch, &self.waits);
    }

    /// Waits for more. Ready when that takes too long.
    pub(in crate::proxy) fn poll_expired(&mut self, awaited: Awaited, cx: &Context<'_>) -> Poll<Expired> {
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
        ready!(self.watch.poll(cx));
        Poll::Ready(match awaited {
            Awaited::Request => Expired::Unused,
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

    /// In how many seconds after its exchange a connection's time is over.
    fn idles(keep_alive: u32) -> u32 {
        let sweep = Rc::new(Sweep::new(SECOND));
        let timeouts = Timeouts {
            keep_alive: SECOND * keep_alive,
            ..Timeouts::default()
        };
        let waits = Waits::new(&sweep, &timeouts, &Limits::default());
        let mut patience = Patience::new(&sweep, waits);
        let cx = Context::from_waker(Waker::noop());
        patience.begun();
        for second in 0.. {
            sweep.tick(SECOND * second);
            match patience.poll_expired(Awaited::Request, &cx) {
                Poll::Ready(Expired::Unused) => return second,
                Poll::Ready(late) => panic!("{late:?} after {second} s"),
                Poll::Pending => {}
            }
        }
        panic!("it never ends");
    }

    #[test]
    fn a_connection_has_its_whole_time_between_two_requests() {
        for keep_alive in 0..100 {
            assert_eq!(idles(keep_alive), keep_alive + 2);
        }
    }
}
