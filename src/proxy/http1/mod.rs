//! HTTP/1.1 on one client connection: a request, its walk, its answer, and the next, until the connection ends or the
//! gate stops.
//!
//! The guard reads the requests, and what it has read is the request: no second parser stands behind it. What is there
//! for as long as the connection lasts is small; what a request needs is there while there is one.

mod answering;
mod body;
mod head;
mod reader;
mod scratch;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use body::Loan;
pub(super) use scratch::Scratch;
pub(super) use stream::Stream;

use super::{
    admission::Overload,
    body::ClientBody,
    connection::Client,
    drain::Waiter,
    guard::{Patience, Violation},
    handling::Handling,
    respond::Answered,
    worker::Worker,
};
use crate::classify::Arrival;
use answering::{Answering, Unanswered};
use bytes::Bytes;
use head::Terms;
use http::{Request, request::Parts};
use reader::{Next, Reader};
use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    task::Poll,
};

/// Serves a connection until it ends. `waiter` tells when to finish what is in flight and begin nothing new.
pub(super) fn speak(
    stream: Stream,
    arrival: Arrival,
    worker: Rc<Worker>,
    waiter: Waiter,
    turned_away: Option<Overload>,
) -> impl Future<Output = ()> {
    let client = Rc::new(Client {
        turned_away,
        ..Client::new(arrival, &worker)
    });
    client.intake.account().meter();
    let reader = Rc::new(RefCell::new(Reader::new(
        stream,
        worker.sizes,
        Patience::new(&worker.sweep, worker.waits),
        (client.verdict.clone(), client.intake.clone()),
        worker.scratch.clone(),
    )));
    let connection = Connection {
        reader,
        client,
        worker,
        waiter,
    };
    async move {
        match connection.serve().await {
            Ok(()) => {
                let reader = &connection.reader;
                // Nobody is left to be told of a failure.
                let _ = poll_fn(|cx| reader.borrow_mut().poll_close(cx)).await;
            }
            Err(why) => {
                tracing::debug!(peer = %connection.client.arrival.peer, %why, "the connection broke off");
            }
        }
    }
}

struct Connection {
    reader: Rc<RefCell<Reader>>,
    client: Rc<Client>,
    worker: Rc<Worker>,
    waiter: Waiter,
}

impl Connection {
    /// Serves request after request, until there is no other.
    async fn serve(&self) -> Result<(), Unanswered> {
        loop {
            let head = match self.next().await {
                Next::Head(head) => Ok(head),
                Next::Refused(violation) => Err(violation),
                Next::End(ended) => return ended.map_err(Unanswered::Unwritable),
            };
            // What an exchange needs is large, and gone with it. It is made where it stays, and not copied there.
            let exchange = Box::write(Box::new_uninit(), self.exchange(head));
            if !Box::into_pin(exchange).await? {
                return Ok(());
            }
        }
    }

    async fn next(&self) -> Next {
        poll_fn(|cx| {
            let mut reader = self.reader.borrow_mut();
            match reader.poll_request(cx) {
                Poll::Pending if self.waiter.poll_begun(cx) && reader.is_idle() => {
                    Poll::Ready(Next::End(Ok(())))
                }
                next => next,
            }
        })
        .await
    }

    /// One request and its answer. Whether another may follow.
    async fn exchange(&self, head: Result<Bytes, Violation>) -> Result<bool, Unanswered> {
        let (handling, terms) = self.handle(head);
        let mut answering = self.begin_answer(self.answer(handling).await?, terms);
        poll_fn(|cx| answering.poll(cx, &self.reader)).await?;
        let persists = answering.persists();
        let (room, event) = answering.finish();
        self.worker.scratch.give_back(room);
        // An upload may go on although its answer has ended.
        let settled = poll_fn(|cx| self.reader.borrow_mut().poll_settled(cx)).await;
        if let Some(event) = event {
            event.settled();
        }
        Ok(persists && settled)
    }

    /// Begins to answer a request.
    fn handle(&self, head: Result<Bytes, Violation>) -> (Handling, Terms) {
        let (head, terms) = self.begin(head);
        let body = if self.reader.borrow().has_body() {
            ClientBody::Http1(Loan::of(&self.reader))
        } else {
            ClientBody::None
        };
        (Handling::of(&self.worker, &self.client, head, body), terms)
    }

    /// Begins to write an answer.
    fn begin_answer(&self, answered: Answered, mut terms: Terms) -> Answering {
        let mut room = self.worker.scratch.take();
        let mut reader = self.reader.borrow_mut();
        room.extend_from_slice(reader.begin_answer());
        let goes_on = reader.may_go_on() && !answered.body().cuts_upload();
        terms.persists &= goes_on && !self.waiter.has_begun();
        Answering::begin(answered, terms, room)
    }

    /// The answer to a request, unless its client goes before.
    async fn answer(&self, mut handling: Handling) -> Result<Answered, Unanswered> {
        poll_fn(|cx| match Pin::new(&mut handling).poll(cx) {
            Poll::Ready(answered) => Poll::Ready(Ok(answered)),
            Poll::Pending => self
                .reader
                .borrow_mut()
                .poll_gone(cx)
                .map(|()| Err(Unanswered::Gone)),
        })
        .await
    }

    /// The request, and what it says of its answer; in place of one that is refused, one that says nothing.
    fn begin(&self, head: Result<Bytes, Violation>) -> (Parts, Terms) {
        let reader = self.reader.borrow();
        let layout = reader.layout();
        match head.and_then(|head| layout.request(&head, &mut self.worker.scratch.moulds())) {
            Ok(head) => {
                let terms = Terms::of(layout, &head.method);
                (head, terms)
            }
            Err(violation) => {
                self.client.verdict.refuse(violation);
                (Request::new(()).into_parts().0, Terms::unknown())
            }
        }
    }
}
