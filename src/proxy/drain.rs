//! The word that goes round a worker when the gate is to stop: finish what is in flight, begin nothing new.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
};

/// One worker's word, and everybody who waits for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Drain(Rc<State>);

/// One waiter's place. Leaves when it is dropped.
#[derive(Debug)]
pub(super) struct Waiter {
    drain: Drain,
    place: usize,
}

#[derive(Debug, Default)]
struct State {
    begun: Cell<bool>,
    waiting: Cell<usize>,
    /// The wakers of those who wait, each in a place of its own: every poll of every connection comes by here.
    places: RefCell<Vec<Option<Waker>>>,
    /// The places that nobody has.
    free: RefCell<Vec<usize>>,
    emptied: RefCell<Option<Waker>>,
}

impl Drain {
    /// Gives the word.
    pub(super) fn begin(&self) {
        self.0.begun.set(true);
        for waker in self.0.places.borrow_mut().iter_mut().filter_map(Option::take) {
            waker.wake();
        }
    }

    /// Joins those who wait for the word, and who are waited for after it.
    pub(super) fn join(&self) -> Waiter {
        self.0.waiting.set(self.0.waiting.get() + 1);
        let place = self.0.free.borrow_mut().pop().unwrap_or_else(|| {
            let mut places = self.0.places.borrow_mut();
            places.push(None);
            places.len() - 1
        });
        Waiter {
            drain: self.clone(),
            place,
        }
    }

    /// How many have joined and not left.
    pub(super) fn waiting(&self) -> usize {
        self.0.waiting.get()
    }

    /// Waits until everybody who joined has left.
    pub(super) async fn emptied(&self) {
        std::future::poll_fn(|cx| {
            if self.waiting() == 0 {
                return std::task::Poll::Ready(());
            }
            *self.0.emptied.borrow_mut() = Some(cx.waker().clone());
            std::task::Poll::Pending
        })
        .await;
    }
}

impl Waiter {
    /// Whether the word was given.
    pub(super) fn has_begun(&self) -> bool {
        self.drain.0.begun.get()
    }

    /// Whether the word was given; if not, the task is woken when it is.
    pub(super) fn poll_begun(&self, cx: &mut Context<'_>) -> bool {
        if self.drain.0.begun.get() {
            return true;
        }
        match self.drain.0.places.borrow_mut().get_mut(self.place) {
            Some(Some(waker)) if waker.will_wake(cx.waker()) => {}
            Some(place) => *place = Some(cx.waker().clone()),
            None => {}
        }
        false
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let state = &self.drain.0;
        let waker = state
            .places
            .borrow_mut()
            .get_mut(self.place)
            .and_then(Option::take);
        drop(waker);
        state.free.borrow_mut().push(self.place);
        state.waiting.set(state.waiting.get() - 1);
        if state.waiting.get() == 0
            && let Some(waker) = state.emptied.borrow_mut().take()
        {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, task::Poll};

    #[tokio::test]
    async fn everybody_who_joined_hears_the_word_and_is_waited_for() {
        let drain = Drain::default();
        let local = tokio::task::LocalSet::new();
        for _ in 0..3 {
            let waiter = drain.join();
            local.spawn_local(async move {
                poll_fn(|cx| {
                    if waiter.poll_begun(cx) {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
            });
        }
        local
            .run_until(async {
                tokio::task::yield_now().await;
                assert_eq!(drain.waiting(), 3);
                drain.begin();
                drain.emptied().await;
            })
            .await;
        assert_eq!(drain.waiting(), 0);
    }

    #[test]
    fn a_place_is_taken_again_by_whoever_joins_after_another_left() {
        let drain = Drain::default();
        for _ in 0..3 {
            let (one, other) = (drain.join(), drain.join());
            assert_ne!(one.place, other.place);
            assert_eq!(drain.waiting(), 2);
        }
        assert_eq!(drain.0.places.borrow().len(), 2);
        assert_eq!(drain.waiting(), 0);
    }
}
