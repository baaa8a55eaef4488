//! Where the streams of a connection run: each as a task of the worker's, for as long as its client takes what it gets.

use super::Offered;
use crate::proxy::{
    connection::{Client, PanicCount},
    guard::Violation,
    sweep::Watch,
    worker::Worker,
};
use hyper::rt::Executor;
use std::{
    cell::{Cell, RefCell},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// The streams of one connection that are under way.
#[derive(Clone, Debug)]
pub(super) struct Streams(Rc<State>);

#[derive(Debug)]
struct State {
    worker: Rc<Worker>,
    /// Whose stream is executed next.
    next: RefCell<Option<Rc<Client>>>,
    under_way: Cell<usize>,
    /// Those that were answered, and those that their client reset before.
    answered: Cell<u32>,
    forsaken: Cell<u32>,
    connection: RefCell<Option<Waker>>,
}

/// One stream, counted.
struct UnderWay(Rc<State>);

/// The patience with a client that does not take its answer.
#[derive(Default)]
struct Taking {
    watch: Option<Watch>,
    /// The piece that is waited for.
    piece: Option<u64>,
}

impl Streams {
    pub(super) fn new(worker: Rc<Worker>) -> Self {
        Self(Rc::new(State {
            worker,
            next: RefCell::default(),
            under_way: Cell::default(),
            answered: Cell::default(),
            forsaken: Cell::default(),
            connection: RefCell::default(),
        }))
    }

    /// Names whose request hyper calls the service with: it executes that stream next.
    pub(super) fn announce(&self, client: Rc<Client>) {
        *self.0.next.borrow_mut() = Some(client);
    }

    /// Whether the client resets most of what it begins, at the store's expense and ours (CVE-2023-44487).
    pub(super) fn are_forsaken(&self) -> bool {
        let forsaken = self.0.forsaken.get();
        forsaken > FORSAKEN && forsaken > self.0.answered.get()
    }

    /// Whether none is under way; the task is woken when that changes to the better.
    pub(super) fn are_idle(&self, cx: &Context<'_>) -> bool {
        let mut connection = self.0.connection.borrow_mut();
        if !connection
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *connection = Some(cx.waker().clone());
        }
        self.0.under_way.get() == 0
    }
}

impl<F: Future<Output = ()> + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let Some(client) = self.0.next.take() else {
            return;
        };
        // A panic ends its stream alone, and is counted (rulings, 37).
        let counted = PanicCount::new(self.0.worker.journal.counters.clone());
        let under_way = UnderWay::new(Rc::clone(&self.0));
        tokio::task::spawn_local(async move {
            let _counted = counted;
            let mut stream = pin!(stream);
            let mut taking = Taking::default();
            std::future::poll_fn(|cx| taking.poll(stream.as_mut(), &under_way.0.worker, &client, cx)).await;
            let answered = client.offered.as_ref().is_some_and(Offered::is_answered);
            under_way.0.ended(answered);
            // Dropping what is left of the stream resets it.
        });
    }
}

impl State {
    fn ended(&self, answered: bool) {
        let count = if answered { &self.answered } else { &self.forsaken };
        count.set(count.get().saturating_add(1));
    }
}

impl Taking {
    /// Drives a stream. Ready when it has ended, or its client has not taken a piece of the answer for too long.
    fn poll<F: Future<Output = ()>>(
        &mut self,
        stream: Pin<&mut F>,
        worker: &Worker,
        client: &Client,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        if stream.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(piece) = client.offered.as_ref().and_then(Offered::waiting) else {
            self.piece = None;
            return Poll::Pending;
        };
        let watch = self.watch.get_or_insert_with(|| worker.sweep.watch());
        if self.piece.replace(piece) != Some(piece) {
            watch.set(worker.waits.body_idle);
        }
        watch
            .poll(cx)
            .map(|()| client.verdict.refuse(Violation::WriteTimeout))
    }
}

impl UnderWay {
    fn new(state: Rc<State>) -> Self {
        state.under_way.set(state.under_way.get() + 1);
        Self(state)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let left = self.0.under_way.get().saturating_sub(1);
        self.0.under_way.set(left);
        if left == 0
            && let Some(connection) = &*self.0.connection.borrow()
        {
            connection.wake_by_ref();
        }
    }
}

/// How many streams a client may reset before it is asked how many it let be answered.
const FORSAKEN: u32 = 100;
