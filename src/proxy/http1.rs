//! HTTP/1.1 on one client connection: the guard beneath hyper, until the connection ends or the gate stops.

use super::{
    connection::Client,
    drain::Waiter,
    guard::{Guarded, Limits, Patience, Verdict},
    handle,
    intake::Intake,
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
) {
    let client = Rc::new(Client {
        arrival,
        intake: Intake::default(),
        verdict: Verdict::default(),
    });
    let lingering = Lingering::new(stream, client.intake.clone());
    let patience = Patience::new(&worker.sweep, worker.waits);
    let guarded = Guarded::new(lingering, Limits::default(), client.verdict.clone(), patience);
    let service = service_fn(move |request| {
        let (worker, client) = (worker.clone(), client.clone());
        async move { Ok::<_, Infallible>(handle(&worker, &client, request).await) }
    });
    let connection = http1::Builder::new()
        // Nothing is added to an answer of the store.
        .auto_date_header(false)
        // The guard has its own, without a timer a request.
        .header_read_timeout(None)
        .max_header_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(guarded), service);
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

const HEAD_BYTES: usize = 64 * 1024;
