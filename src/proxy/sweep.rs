//! Coarse deadlines: one clock a worker, no timer a request.
//!
//! A connection, to a client or to upstream, has one [`Watch`] for all its life. A request sets it and clears it, which
//! is a store each; the worker's sweep wakes those whose time has come. A deadline is never early, and late by at most
//! two ticks. A tick looks at every watch once and writes to none that is not due.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::time::Instant;

/// A count of ticks since the sweep began.
pub(super) type Tick = u64;

/// The clock of one worker.
#[derive(Debug)]
pub struct Sweep {
    period: Duration,
    now: Cell<Tick>,
    slots: RefCell<Vec<Rc<Slot>>>,
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
    /// A clock that is precise enough for deadlines as short as the shortest of `waits`. Nothing is due before somebody
    /// lets it [`run`](Self::run).
    pub fn for_waits(waits: impl IntoIterator<Item = Duration>) -> Self {
        let shortest = waits.into_iter().min().unwrap_or(MAX_PERIOD);
        Self::new((shortest / 8).clamp(MIN_PERIOD, MAX_PERIOD))
    }

    pub(super) fn new(period: Duration) -> Self {
        Self {
            period,
            now: Cell::new(0),
            slots: RefCell::default(),
        }
    }

    /// Runs the clock, as long as it is polled; `each` is called once a tick.
    pub async fn run(self: Rc<Self>, each: impl Fn()) {
        let began = Instant::now();
        loop {
            tokio::time::sleep(self.period).await;
            self.tick(began.elapsed());
            each();
        }
    }

    /// Runs `future` for so many ticks at most: nothing when they are over before it is.
    pub(super) async fn within<F: Future>(self: &Rc<Self>, ticks: Tick, future: F) -> Option<F::Output> {
        let watch = self.watch();
        watch.set(ticks);
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => watch.poll(cx).map(|()| None),
        })
        .await
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

    /// `elapsed` has passed since the start: wakes everybody whose time has come and forgets those who are gone.
    pub(super) fn tick(&self, elapsed: Duration) {
        let now = self.ticks(elapsed);
        self.now.set(now);
        self.slots.borrow_mut().retain(|slot| {
            if slot.due.get() <= now
                && let Some(waker) = slot.waker.take()
            {
                waker.wake();
            }
            Rc::strong_count(slot) > 1
        });
    }

    pub(super) fn watch(self: &Rc<Self>) -> Watch {
        let slot = Rc::new(Slot {
            due: Cell::new(Tick::MAX),
            waker: Cell::new(None),
        });
        self.slots.borrow_mut().push(Rc::clone(&slot));
        Watch {
            sweep: Rc::clone(self),
            slot,
        }
    }
}

impl Watch {
    /// Due when so many ticks have passed.
    pub(super) fn set(&self, ticks: Tick) {
        // The tick it is had begun before, and the time may be a part of a tick longer.
        self.slot
            .due
            .set(self.now().saturating_add(ticks).saturating_add(2));
    }

    /// The time, as of the last tick.
    pub(super) fn now(&self) -> Tick {
        self.sweep.now()
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
            self.enrol(cx);
        }
        Poll::Pending
    }

    fn enrol(&self, cx: &Context<'_>) {
        let waker = self.slot.waker.take().filter(|waker| waker.will_wake(cx.waker()));
        self.slot
            .waker
            .set(Some(waker.unwrap_or_else(|| cx.waker().clone())));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The sweep keeps the slot up to the next tick.
        self.clear();
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot")
            .field("due", &self.due.get())
            .finish_non_exhaustive()
    }
}

/// How precise a clock is at least, and at most.
const MAX_PERIOD: Duration = Duration::from_secs(1);
const MIN_PERIOD: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::Wake,
    };

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
                watch.set(sweep.ticks(wait));
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
        watch.set(1);
        watch.clear();
        sweep.tick(TICK * 100);
        assert!(!is_due(&watch));
    }

    #[test]
    fn a_watch_that_is_gone_wakes_nobody() {
        struct Count(AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let sweep = Rc::new(Sweep::new(TICK));
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        let watches = [sweep.watch(), sweep.watch()].map(|watch| {
            watch.set(1);
            assert!(watch.poll(&Context::from_waker(&waker)).is_pending());
            watch
        });
        let [kept, gone] = watches;
        drop(gone);
        sweep.tick(TICK * 10);
        sweep.tick(TICK * 11);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        drop(kept);
    }

    #[test]
    fn a_clock_is_as_precise_as_its_shortest_deadline_wants() {
        for (wait, period) in [(0, 5), (40, 5), (400, 50), (8_000, 1_000), (60_000, 1_000)] {
            let waits = [wait, 900_000].map(Duration::from_millis);
            assert_eq!(Sweep::for_waits(waits).period, Duration::from_millis(period));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_longer_than_it_may_is_dropped() {
        let sweep = Rc::new(Sweep::new(TICK));
        let timed = async {
            for (takes, done) in [(0, true), (9, true), (13, false)] {
                let began = Instant::now();
                let slept = sweep.within(10, tokio::time::sleep(TICK * takes)).await;
                assert_eq!(slept.is_some(), done, "{takes}");
                assert!(done || (TICK * 10..=TICK * 12).contains(&began.elapsed()));
            }
        };
        tokio::select! {
            () = timed => {}
            () = Rc::clone(&sweep).run(|| ()) => {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_runs_calls_once_a_tick() {
        let sweep = Rc::new(Sweep::new(TICK));
        let calls = Cell::new(0);
        let run = Rc::clone(&sweep).run(|| calls.set(calls.get() + 1));
        assert!(tokio::time::timeout(TICK * 10 + TICK / 2, run).await.is_err());
        assert_eq!((calls.get(), sweep.now()), (10, 10));
    }
}
