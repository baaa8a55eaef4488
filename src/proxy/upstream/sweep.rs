//! Coarse deadlines: one clock a worker, no timer a request.
//!
//! A connection has one [`Watch`] for all its life. A request sets it and clears it, which is a store each; the
//! worker's sweep wakes those whose time has come. A deadline is never early, and late by at most two ticks.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

/// A count of ticks since the sweep began.
pub(super) type Tick = u64;

/// The clock of one worker.
#[derive(Debug)]
pub(super) struct Sweep {
    period: Duration,
    started: Cell<bool>,
    now: Cell<Tick>,
    slots: RefCell<Vec<Weak<Slot>>>,
}

/// One deadline, used again and again.
#[derive(Debug)]
pub(super) struct Watch {
    sweep: Rc<Sweep>,
    slot: Rc<Slot>,
}

struct Slot {
    due: Cell<Tick>,
    waker: Cell<Option<Waker>>,
}

impl Sweep {
    pub(super) fn new(period: Duration) -> Self {
        Self {
            period,
            started: Cell::new(false),
            now: Cell::new(0),
            slots: RefCell::default(),
        }
    }

    pub(super) fn period(&self) -> Duration {
        self.period
    }

    /// The time, as of the last tick.
    pub(super) fn now(&self) -> Tick {
        self.now.get()
    }

    /// How many whole ticks fit into `time`.
    pub(super) fn ticks(&self, time: Duration) -> Tick {
        let ticks = time.as_nanos() / self.period.as_nanos().max(1);
        Tick::try_from(ticks).unwrap_or(Tick::MAX / 2)
    }

    /// Starts the clock, once: true for the first caller, who then has to drive it.
    pub(super) fn start(&self) -> bool {
        !self.started.replace(true)
    }

    /// `elapsed` has passed since the start: wakes everybody whose time has come and forgets those who are gone.
    pub(super) fn tick(&self, elapsed: Duration) {
        let now = self.ticks(elapsed);
        self.now.set(now);
        self.slots.borrow_mut().retain(|slot| {
            let Some(slot) = slot.upgrade() else { return false };
            if slot.due.get() <= now
                && let Some(waker) = slot.waker.take()
            {
                waker.wake();
            }
            true
        });
    }

    pub(super) fn watch(self: &Rc<Self>) -> Watch {
        let slot = Rc::new(Slot {
            due: Cell::new(Tick::MAX),
            waker: Cell::new(None),
        });
        self.slots.borrow_mut().push(Rc::downgrade(&slot));
        Watch {
            sweep: Rc::clone(self),
            slot,
        }
    }
}

impl Watch {
    /// Due when `time` has passed.
    pub(super) fn set(&self, time: Duration) {
        let due = self
            .sweep
            .now()
            .saturating_add(self.sweep.ticks(time))
            .saturating_add(2);
        self.slot.due.set(due);
    }

    /// Never due.
    pub(super) fn clear(&self) {
        self.slot.due.set(Tick::MAX);
        self.slot.waker.set(None);
    }

    /// Ready when due.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let due = self.slot.due.get();
        if due <= self.sweep.now() {
            return Poll::Ready(());
        }
        if due != Tick::MAX {
            let waker = self.slot.waker.take().filter(|waker| waker.will_wake(cx.waker()));
            self.slot
                .waker
                .set(Some(waker.unwrap_or_else(|| cx.waker().clone())));
        }
        Poll::Pending
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot")
            .field("due", &self.due.get())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(100);

    fn is_due(watch: &Watch) -> bool {
        watch.poll(&Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn a_deadline_is_never_early_and_late_by_at_most_two_ticks() {
        let step = Duration::from_millis(10);
        for wait in [0, 10, 90, 100, 110, 250, 1000].map(Duration::from_millis) {
            for offset in 0..10 {
                let sweep = Rc::new(Sweep::new(TICK));
                let watch = sweep.watch();
                watch.set(wait);
                let mut waited = Duration::ZERO;
                for steps in offset + 1.. {
                    if is_due(&watch) {
                        break;
                    }
                    waited += step;
                    if steps % 10 == 0 {
                        sweep.tick(step * steps);
                    }
                }
                assert!(waited >= wait, "{wait:?} after {waited:?}");
                assert!(waited <= wait + 2 * TICK, "{wait:?} after {waited:?}");
            }
        }
    }

    #[test]
    fn the_sweep_forgets_watches_that_are_gone() {
        let sweep = Rc::new(Sweep::new(TICK));
        let kept = sweep.watch();
        drop(sweep.watch());
        sweep.tick(TICK);
        assert_eq!(sweep.slots.borrow().len(), 1);
        drop(kept);
        sweep.tick(TICK);
        assert!(sweep.slots.borrow().is_empty());
    }

    #[test]
    fn a_cleared_watch_is_never_due() {
        let sweep = Rc::new(Sweep::new(TICK));
        let watch = sweep.watch();
        watch.set(TICK);
        watch.clear();
        sweep.tick(TICK * 100);
        assert!(!is_due(&watch));
    }

    #[test]
    fn the_clock_is_started_once() {
        let sweep = Sweep::new(TICK);
        assert!(sweep.start());
        assert!(!sweep.start());
    }
}
