//! How long the gate waits for a client: the settings in ticks of the worker's clock, and the pace of one body.
//!
//! A stream of HTTP/2 uses the same pieces as a connection of HTTP/1: it has a [`Watch`] and a [`Pace`] of its own, asks
//! [`Pace::poll_late`] wherever it would wait for the client's next bytes, and tells [`Pace::came`] what came.

use super::sweep::{Sweep, Tick, Watch};
use crate::config::{Limits, Timeouts};
use std::{
    task::{Context, Poll, ready},
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
    /// When the wait for the next bytes has been too long.
    idle: Tick,
    /// Up to when the current wait is part of `waited`.
    counted: Tick,
    /// How long was waited in this window, and what came in it.
    waited: Tick,
    bytes: u64,
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
    pub(super) fn came(&mut self, bytes: usize, watch: &Watch) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.waiting {
            self.waiting = false;
            self.count(watch.now());
        }
    }

    /// Waits for more. Ready when that takes too long.
    ///
    /// Waiting is counted over windows: a burst at the begin does not buy an endless trickle.
    pub(super) fn poll_late(&mut self, watch: &Watch, waits: &Waits, cx: &Context<'_>) -> Poll<Late> {
        if !self.waiting {
            self.waiting = true;
            self.counted = watch.now();
            self.idle = watch.after(waits.body_idle);
            self.set(watch, waits);
        }
        loop {
            ready!(watch.poll(cx));
            let now = watch.now();
            if now >= self.idle {
                return Poll::Ready(Late::Idle);
            }
            self.count(now);
            if let Some(rate) = &waits.rate
                && self.waited >= rate.window
            {
                if rate.is_missed(self.waited, self.bytes) {
                    return Poll::Ready(Late::Slow);
                }
                (self.waited, self.bytes) = (0, 0);
            }
            self.set(watch, waits);
        }
    }

    fn set(&self, watch: &Watch, waits: &Waits) {
        let window = waits.rate.map_or(Tick::MAX, |rate| {
            self.counted
                .saturating_add(rate.window.saturating_sub(self.waited))
        });
        watch.set_at(self.idle.min(window));
    }

    fn count(&mut self, now: Tick) {
        self.waited = self.waited.saturating_add(now.saturating_sub(self.counted));
        self.counted = now;
    }
}

const NANOS: u128 = 1_000_000_000;
