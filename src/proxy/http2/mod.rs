//! HTTP/2 on one client connection: hyper reads the frames, each stream is a request of its own, until the connection
//! ends or the gate stops (rulings, 31 and 35).
//!
//! A stream has its own [`Client`]: what was read of its body and what is wrong with it are the business of no other.

mod calm;
mod deadline;
mod frames;
mod head;
mod held;
mod idle;
mod refused;
mod streams;
mod wire;

pub(super) use deadline::{Deadline, Offered};
pub(super) use held::Taken;

use super::{
    body::ClientBody,
    buffers::Share,
    connection::Client,
    drain::Waiter,
    guard::{self, Limits},
    handling::Handling,
    intake::Intake,
    worker::Worker,
};
use crate::{classify::Arrival, obs::secret};
use calm::Calm;
use held::Held;
use hyper::{
    Request,
    body::{Body as _, Incoming},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use idle::{Idle, Word};
use refused::ProtocolErrors;
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::Poll,
};
use streams::Streams;
use tokio::io::{AsyncRead, AsyncWrite};
use wire::Wire;

/// Serves a connection until it ends. `waiter` tells when to finish what is in flight and begin nothing new.
pub(super) async fn speak<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    stream: S,
    arrival: Arrival,
    worker: Rc<Worker>,
    waiter: Waiter,
) {
    let share = Share {
        counters: worker.journal.counters.clone(),
        room: worker.room,
    };
    let held = Held::new(share.clone());
    let errors = ProtocolErrors::new(held.clone(), arrival.peer, share.counters.clone());
    let streams = Streams::new(worker.clone());
    let calm = Rc::new(Calm::default());
    let wire = Wire::new(stream, held.clone(), calm.clone(), &worker.sweep);
    let mut idle = Idle::new(&worker.sweep, worker.waits);
    let limits = worker.sizes;
    let service = service_fn({
        let (streams, errors) = (streams.clone(), errors.clone());
        move |request| {
            errors.pass();
            let worker = worker.clone();
            let offered = Offered::default();
            let intake = Intake::of_stream(share.clone(), held.stream());
            let client = Client::of_stream(arrival, intake, offered.clone());
            let (client, request) = receive(client, request, &limits);
            streams.announce(client.clone());
            async move {
                let (parts, body) = request.into_parts();
                let answer = Handling::of(&worker, &client, parts, ClientBody::Http2(body)).await;
                offered.answered();
                Ok::<_, Infallible>(answer.into_response())
            }
        }
    });
    let connection = server(streams.clone(), limits).serve_connection(TokioIo::new(wire), service);
    let mut connection = pin!(connection);
    let mut draining = false;
    let ended = poll_fn(|cx| {
        calm.begin_turn();
        if !draining && waiter.poll_begun(cx) {
            draining = true;
            idle.drain();
            connection.as_mut().graceful_shutdown();
        }
        loop {
            let polled = connection.as_mut().poll(cx);
            errors.count_heads();
            if polled.is_ready() {
                return polled;
            }
            if streams.are_forsaken() || calm.is_disturbed() {
                errors.give_up();
                return Poll::Ready(Ok(()));
            }
            match idle.poll(streams.are_idle(cx), cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Word::Goodbye) => connection.as_mut().graceful_shutdown(),
                Poll::Ready(Word::Cut) => return Poll::Ready(Ok(())),
            }
        }
    })
    .await;
    errors.count_connection();
    if let Err(error) = ended {
        tracing::debug!(peer = %arrival.peer, %error, "the connection broke off");
    }
}

/// hyper's server with the bounds of a connection.
fn server(streams: Streams, limits: Limits) -> http2::Builder<Streams> {
    let mut server = http2::Builder::new(streams);
    server
        // Nothing is added to an answer of the store.
        .auto_date_header(false)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(u32::try_from(limits.head).unwrap_or(u32::MAX))
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_local_error_reset_streams(OWN_RESETS);
    server
}

/// A stream's head as the walk takes it. What is wrong with it is left in the stream's own verdict, as the guard leaves
/// it in a connection's.
fn receive(client: Client, request: Request<Incoming>, limits: &Limits) -> (Rc<Client>, Request<Incoming>) {
    let (mut head, body) = request.into_parts();
    secret::mark(&mut head.headers);
    match guard::inspect_http2(&head, limits) {
        Ok(()) => {
            head::translate(&mut head, !body.is_end_stream());
            client.verdict.begin(head::size(&head));
        }
        Err(violation) => client.verdict.refuse(violation),
    }
    (Rc::new(client), Request::from_parts(head, body))
}

/// What a client may have under way at once (rulings, 35).
const STREAMS: u32 = 100;
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// What a stream holds of its answer while the client does not take it, beyond one piece.
const SEND_BUFFER: usize = 64 << 10;
/// Streams that a client reset before they were begun (CVE-2023-44487), and that were reset for faults of the client's
/// (CVE-2025-8671), after which the connection is ended.
const PENDING_RESETS: usize = 20;
const OWN_RESETS: usize = 100;
