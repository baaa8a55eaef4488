//! A request between its head and its answer's. Once a request that writes has gone to the store whole, the store acts on
//! it whether its client waits or not: so it is seen through without one, for what the answer teaches and shows.

use super::{
    body::ClientBody,
    connection::Client,
    drain::{Drain, Waiter},
    handle,
    respond::Answered,
    worker::Worker,
};
use http::request::Parts;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::spawn_local,
};

/// A request that is being answered. Whoever drops it before its answer leaves it to the [`Orphans`], if the store may
/// have all of it.
pub(super) struct Handling {
    walk: Option<Walk>,
    worker: Rc<Worker>,
    client: Rc<Client>,
}

type Walk = Pin<Box<dyn Future<Output = Answered>>>;

/// Where requests go whose clients went away. They count among those in flight, which bounds how many there are.
#[derive(Debug)]
pub(super) struct Orphans {
    left: UnboundedSender<Orphan>,
    drain: Drain,
}

/// A request without a client. A gate that stops waits for it.
struct Orphan {
    walk: Walk,
    waiter: Waiter,
}

impl Handling {
    /// Begins to answer a request.
    pub(super) fn of(worker: &Rc<Worker>, client: &Rc<Client>, head: Parts, body: ClientBody) -> Self {
        // What a request needs is large, and gone with it. It is made where it stays, and not copied there.
        let walk = Box::write(
            Box::new_uninit(),
            handle(Rc::clone(worker), Rc::clone(client), head, body),
        );
        Self {
            walk: Some(Box::into_pin(walk)),
            worker: Rc::clone(worker),
            client: Rc::clone(client),
        }
    }
}

impl Future for Handling {
    type Output = Answered;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answered> {
        let Some(walk) = &mut self.walk else {
            return Poll::Pending;
        };
        let polled = walk.as_mut().poll(cx);
        if polled.is_ready() {
            self.walk = None;
        }
        polled
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        // What has panicked must not be asked again.
        if !std::thread::panicking()
            && self.client.intake.is_committed()
            && let Some(walk) = self.walk.take()
        {
            let orphans = &self.worker.orphans;
            let waiter = orphans.drain.join();
            // A worker that has ended takes none.
            drop(orphans.left.send(Orphan { walk, waiter }));
        }
    }
}

impl Orphans {
    /// A place for them, and what sees them through as long as it is polled, in a `LocalSet`.
    pub(super) fn new(drain: Drain) -> (Self, impl Future<Output = ()>) {
        let (left, found) = unbounded_channel();
        (Self { left, drain }, see_through(found))
    }
}

async fn see_through(mut found: UnboundedReceiver<Orphan>) {
    while let Some(Orphan { walk, waiter }) = found.recv().await {
        spawn_local(async move {
            drop(walk.await.unheard());
            drop(waiter);
        });
    }
}

/// Without the request: it may hold secrets.
impl fmt::Debug for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handling").finish_non_exhaustive()
    }
}

/// The same.
impl fmt::Debug for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Orphan").finish_non_exhaustive()
    }
}
