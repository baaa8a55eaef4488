//! One client connection: TLS if the listener wants it, then the protocol that was agreed on.

use super::{drain::Waiter, guard::Verdict, http1, intake::Intake, socket::ClientSocket, worker::Worker};
use crate::{classify::Arrival, telemetry::Counters};
use rustls::ServerConfig;
use std::{rc::Rc, sync::Arc};
use tokio::net::TcpStream;
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
    let stream = ClientSocket::new(stream, worker.sweep.clone(), worker.waits.body_idle);
    match tls {
        None => http1::speak(stream, arrival, worker, waiter).await,
        Some(tls) => {
            let handshake = TlsAcceptor::from(tls).accept(stream);
            match worker.sweep.within(worker.waits.tls_handshake, handshake).await {
                Some(Ok(stream)) => http1::speak(stream, arrival, worker, waiter).await,
                Some(Err(error)) => {
                    tracing::debug!(peer = %arrival.peer, %error, "the TLS handshake failed");
                }
                None => tracing::debug!(peer = %arrival.peer, "the TLS handshake took too long"),
            }
        }
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
