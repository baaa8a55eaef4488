//! The word that goes round a worker when the gate is to stop: finish what is in flight, begin nothing new.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
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
    number: u64,
}

#[derive(Debug, Default)]
struct State {
    begun: Cell<bool>,
    next: Cell<u64>,
    waiting: RefCell<HashMap<u64, Option<Waker>>>,
    emptied: RefCell<Option<Waker>>,
}

impl Drain {
    /// Gives the word.
    pub(super) fn begin(&self) {
        self.0.begun.set(true);
        for waker in self.0.waiting.borrow_mut().values_mut().filter_map(Option::take) {
            waker.wake();
        }
    }

    /// Joins those who wait for the word, and who are waited for after it.
    pub(super) fn join(&self) -> Waiter {
        let number = self.0.next.get();
        self.0.next.set(number.wrapping_add(1));
        self.0.waiting.borrow_mut().insert(number, None);
        Waiter {
            drain: self.clone(),
            number,
        }
    }

    /// How many have joined and not left.
    pub(super) fn waiting(&self) -> usize {
        self.0.waiting.borrow().len()
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
    /// Whether the word was given; if not, the task is woken when it is.
    pub(super) fn poll_begun(&self, cx: &mut Context<'_>) -> bool {
        if self.drain.0.begun.get() {
            return true;
        }
        let mut waiting = self.drain.0.waiting.borrow_mut();
        match waiting.get_mut(&self.number) {
            Some(Some(waker)) if waker.will_wake(cx.waker()) => {}
            Some(place) => *place = Some(cx.waker().clone()),
            None => {}
        }
        false
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiting = self.drain.0.waiting.borrow_mut();
        waiting.remove(&self.number);
        if waiting.is_empty()
            && let Some(waker) = self.drain.0.emptied.borrow_mut().take()
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
}
