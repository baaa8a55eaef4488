//! HTTP/1.1 on one client connection: the guard beneath hyper, until the connection ends or the gate stops.

use super::{
    admission::Overload,
    buffers::Metered,
    connection::Client,
    drain::Waiter,
    guard::{Guarded, Limits, Patience},
    handle,
    linger::{Lingering, Resettable},
    worker::Worker,
};
use crate::classify::Arrival;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
};
use tokio::io::{AsyncRead, AsyncWrite};

/// Serves a connection until it ends. `waiter` tells when to finish what is in flight and begin nothing new.
pub(super) async fn speak<S: Resettable + AsyncRead + AsyncWrite + Unpin + 'static>(
    stream: S,
    arrival: Arrival,
    worker: Rc<Worker>,
    waiter: Waiter,
    turned_away: Option<Overload>,
) {
    let client = Rc::new(Client {
        turned_away,
        ..Client::new(arrival, &worker)
    });
    let lingering = Lingering::new(stream, client.intake.clone());
    let patience = Patience::new(&worker.sweep, worker.waits);
    let limits = worker.sizes;
    let guarded = Guarded::new(lingering, limits, client.verdict.clone(), patience);
    let metered = Metered::new(guarded, client.intake.clone());
    let service = service_fn(move |request| {
        let (worker, client) = (worker.clone(), client.clone());
        async move { Ok::<_, Infallible>(handle(&worker, &client, request).await) }
    });
    let mut builder = http1::Builder::new();
    // Nothing is added to an answer of the store; the guard keeps time, without a timer a request.
    builder.auto_date_header(false).header_read_timeout(None);
    take_no_less_than(&mut builder, limits);
    let connection = builder.serve_connection(TokioIo::new(metered), service);
    let mut connection = pin!(connection);
    let mut draining = false;
    let ended = poll_fn(|cx| {
        if !draining && waiter.poll_begun(cx) {
            draining = true;
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    })
    .await;
    if let Err(error) = ended {
        tracing::debug!(peer = %arrival.peer, %error, "the connection broke off");
    }
}

/// Has hyper take whatever the guard lets through: it has the bounds, hyper only has to have room.
fn take_no_less_than(builder: &mut http1::Builder, limits: Limits) {
    builder.max_header_size(limits.head);
    // Another number than its own costs hyper an allocation a request.
    if limits.fields > HYPER_HEADERS {
        builder.max_headers(limits.fields);
    }
    // It sizes the buffers of bodies too, so no less than hyper has it.
    let buffer = limits.head + HYPER_READ;
    if buffer > HYPER_BUFFER {
        builder.max_buf_size(buffer);
    }
}

/// What hyper takes unless told otherwise: headers, bytes of a buffer, and bytes of a first read.
const HYPER_HEADERS: usize = 100;
const HYPER_BUFFER: usize = 8_192 + 4_096 * 100;
const HYPER_READ: usize = 8_192;
