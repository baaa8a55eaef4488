//! One client connection: TLS if the listener wants it, then HTTP/1.1 until it ends or the gate stops.

use super::{
    drain::Waiter,
    guard::{Guarded, Limits, Verdict},
    handle,
    intake::Intake,
    linger::{Lingering, Resettable},
    worker::Worker,
};
use crate::{classify::Arrival, telemetry::Counters};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

/// What a connection's requests share.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) arrival: Arrival,
    pub(super) intake: Intake,
    pub(super) verdict: Verdict,
}

/// Serves a connection until it ends. `waiter` tells when to finish what is in flight and begin nothing new.
pub(super) async fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    arrival: Arrival,
    worker: Rc<Worker>,
    waiter: Waiter,
) {
    let _counted = PanicCount(worker.journal.counters.clone());
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the socket does not take TCP_NODELAY");
    }
    match tls {
        None => speak(stream, arrival, worker, waiter).await,
        Some(tls) => match timeout(HANDSHAKE, TlsAcceptor::from(tls).accept(stream)).await {
            Ok(Ok(stream)) => speak(stream, arrival, worker, waiter).await,
            Ok(Err(error)) => tracing::debug!(peer = %arrival.peer, %error, "the TLS handshake failed"),
            Err(_) => tracing::debug!(peer = %arrival.peer, "the TLS handshake took too long"),
        },
    }
}

async fn speak<S: Resettable + AsyncRead + AsyncWrite + Unpin + 'static>(
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
    let guarded = Guarded::new(lingering, Limits::default(), client.verdict.clone());
    let service = service_fn(move |request| {
        let (worker, client) = (worker.clone(), client.clone());
        async move { Ok::<_, Infallible>(handle(&worker, &client, request).await) }
    });
    let connection = http1::Builder::new()
        // Nothing is added to an answer of the store.
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
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

/// Counts the panic that drops it. The panic itself ends with the connection's task; nobody else notices
/// (rulings, 37).
struct PanicCount(Arc<Counters>);

impl Drop for PanicCount {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.count_panic();
        }
    }
}

const HANDSHAKE: Duration = Duration::from_secs(10);
const HEAD: Duration = Duration::from_secs(10);
const HEAD_BYTES: usize = 64 * 1024;
