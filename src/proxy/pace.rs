//! How long the gate waits for a client: the settings in ticks of the worker's clock, and the pace of one body.
//!
//! A stream of HTTP/2 uses the same pieces as a connection of HTTP/1. It has a [`Watch`] and a [`Pace`] of its own, made
//! with its request: [`Sweep::watch`](Sweep) is cheap, and a watch that is dropped is forgotten at the next tick. Where
//! reading the body would be pending it returns [`Pace::poll_late`], and it tells [`Pace::came`] what came. Between
//! streams the connection sets a watch to `keep_alive` and clears it with the next one. That the client takes nothing
//! of what is written is seen beneath both, by the [socket](super::socket).

use super::sweep::{Sweep, Tick, Watch};
use crate::config::{Limits, Timeouts};
use std::{
    task::{Context, Poll},
    time::Duration,
};

/// How long a worker waits for its clients.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    pub(super) tls_handshake: Tick,
    pub(super) request_head: Tick,
    pub(super) keep_alive: Tick,
    pub(super) body_idle: Tick,
    rate: Option<Rate>,
}

/// A minimum of bytes over a window of waiting.
#[derive(Clone, Copy, Debug)]
struct Rate {
    bytes_a_second: u32,
    tick: Duration,
    window: Tick,
}

/// How fast a body comes, measured while the gate waits for it and at no other time (rulings, 34).
#[derive(Debug, Default)]
pub(super) struct Pace {
    waiting: bool,
    /// Since when, if it is.
    since: Tick,
    /// How long was waited in this window, and what came in it.
    waited: Tick,
    bytes: u64,
    slow: bool,
}

/// Why a body is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// Not a byte came for too long.
    Idle,
    /// Too few came.
    Slow,
}

impl Waits {
    /// What the settings are on `sweep`, which is to be made for [these](Self::of).
    pub fn new(sweep: &Sweep, timeouts: &Timeouts, limits: &Limits) -> Self {
        Self {
            tls_handshake: sweep.ticks(timeouts.tls_handshake),
            request_head: sweep.ticks(timeouts.request_head),
            keep_alive: sweep.ticks(timeouts.keep_alive),
            body_idle: sweep.ticks(timeouts.body_idle),
            rate: (limits.minimum_body_rate > 0).then(|| Rate {
                bytes_a_second: limits.minimum_body_rate,
                tick: sweep.period(),
                window: sweep.ticks(limits.minimum_body_rate_after).max(1),
            }),
        }
    }

    /// The waits that a clock has to be precise enough for.
    pub fn of(timeouts: &Timeouts, limits: &Limits) -> [Duration; 5] {
        [
            timeouts.tls_handshake,
            timeouts.request_head,
            timeouts.keep_alive,
            timeouts.body_idle,
            limits.minimum_body_rate_after,
        ]
    }
}

impl Rate {
    /// A clock of ticks may count one too many.
    fn is_missed(&self, waited: Tick, bytes: u64) -> bool {
        let waited = u128::from(waited.saturating_sub(1)) * self.tick.as_nanos();
        u128::from(bytes) * NANOS < u128::from(self.bytes_a_second) * waited
    }
}

impl Pace {
    /// So many bytes came.
    ///
    /// They are counted over windows of waiting: a burst at the begin does not buy an endless trickle. A window ends
    /// with bytes, for a pause without any has a bound of its own.
    pub(super) fn came(&mut self, bytes: usize, watch: &Watch, waits: &Waits) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if !self.waiting {
            return;
        }
        self.waiting = false;
        self.waited = self.waited.saturating_add(watch.now().saturating_sub(self.since));
        if let Some(rate) = &waits.rate
            && self.waited >= rate.window
        {
            self.slow = rate.is_missed(self.waited, self.bytes);
            (self.waited, self.bytes) = (0, 0);
        }
    }

    /// Waits for more. Ready when that takes too long.
    pub(super) fn poll_late(&mut self, watch: &Watch, waits: &Waits, cx: &Context<'_>) -> Poll<Late> {
        if self.slow {
            return Poll::Ready(Late::Slow);
        }
        if !self.waiting {
            self.waiting = true;
            self.since = watch.now();
            watch.set(waits.body_idle);
        }
        watch.poll(cx).map(|()| Late::Idle)
    }
}

const NANOS: u128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::{rc::Rc, task::Waker};

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn defaults() -> (Rc<Sweep>, Waits) {
        let (timeouts, limits) = (Timeouts::default(), Limits::default());
        let sweep = Rc::new(Sweep::for_waits(Waits::of(&timeouts, &limits)));
        let waits = Waits::new(&sweep, &timeouts, &limits);
        (sweep, waits)
    }

    /// Lets `gap` seconds pass before each piece of so many bytes, after a first one; gives when the body is given up.
    fn comes(first: usize, piece: usize, gap: u64) -> Option<(u64, Late)> {
        let (sweep, waits) = defaults();
        let (watch, mut pace) = (sweep.watch(), Pace::default());
        let cx = Context::from_waker(Waker::noop());
        pace.came(first, &watch, &waits);
        for second in 1..10_000 {
            if let Poll::Ready(late) = pace.poll_late(&watch, &waits, &cx) {
                return Some((second - 1, late));
            }
            sweep.tick(seconds(second));
            if second % gap == 0 {
                pace.came(piece, &watch, &waits);
            }
        }
        None
    }

    #[test]
    fn the_defaults_are_those_of_the_documents_on_a_clock_of_a_second() {
        let (sweep, waits) = defaults();
        assert_eq!(sweep.period(), seconds(1));
        let waited = [
            waits.tls_handshake,
            waits.request_head,
            waits.keep_alive,
            waits.body_idle,
        ];
        assert_eq!(waited, [10, 10, 75, 60]);
        let rate = waits.rate.unwrap();
        assert_eq!((rate.bytes_a_second, rate.window), (1_024, 30));
    }

    #[test]
    fn a_body_may_come_with_a_kib_a_second_for_ever_and_slower_for_half_a_minute() {
        assert_eq!(comes(0, 1_024, 1), None);
        assert_eq!(comes(0, 10 * 1_024, 10), None);
        assert_eq!(comes(0, 900, 1), Some((30, Late::Slow)));
        assert_eq!(comes(0, 1, 59), Some((59, Late::Slow)));
    }

    #[test]
    fn what_came_at_first_lasts_for_one_window() {
        assert_eq!(comes(1 << 30, 1, 1), Some((60, Late::Slow)));
    }

    #[test]
    fn a_body_may_pause_for_a_minute_if_it_is_fast_enough_otherwise() {
        assert_eq!(comes(0, 100 * 1_024, 59), None);
        let (given_up, late) = comes(0, 100 * 1_024, 70).unwrap();
        assert_eq!(late, Late::Idle);
        assert!((60..=62).contains(&given_up), "{given_up}");
    }

    #[test]
    fn time_in_which_nobody_waits_for_the_client_is_not_counted() {
        let (sweep, waits) = defaults();
        let (watch, mut pace) = (sweep.watch(), Pace::default());
        let cx = Context::from_waker(Waker::noop());
        for hour in 1..100 {
            sweep.tick(seconds(hour * 3_600));
            assert!(pace.poll_late(&watch, &waits, &cx).is_pending(), "{hour}");
            pace.came(1, &watch, &waits);
        }
    }
}
