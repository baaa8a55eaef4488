//! One client connection: TLS if the listener wants it, then the protocol that was agreed on.

use super::{
    admission::{Overload, Seat},
    drain::Waiter,
    guard::Verdict,
    http1,
    intake::Intake,
    worker::Worker,
};
use crate::{classify::Arrival, telemetry::Counters};
use rustls::ServerConfig;
use std::{rc::Rc, sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsAcceptor;

/// What a connection's requests share.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) arrival: Arrival,
    pub(super) intake: Intake,
    pub(super) verdict: Verdict,
    /// It came over this bound: its first request is refused, whatever it is.
    pub(super) turned_away: Option<Overload>,
}

/// Serves a connection until it ends. `waiter` tells when to finish what is in flight and begin nothing new; one that
/// has not entered is told why.
pub(super) async fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    arrival: Arrival,
    worker: Rc<Worker>,
    waiter: Waiter,
    entered: Result<Seat, Overload>,
) {
    let turned_away = entered.as_ref().err().copied();
    let _counted = PanicCount(worker.journal.counters.clone());
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the socket does not take TCP_NODELAY");
    }
    match tls {
        None => http1::speak(stream, arrival, worker, waiter, turned_away).await,
        Some(tls) => match timeout(HANDSHAKE, TlsAcceptor::from(tls).accept(stream)).await {
            Ok(Ok(stream)) => http1::speak(stream, arrival, worker, waiter, turned_away).await,
            Ok(Err(error)) => tracing::debug!(peer = %arrival.peer, %error, "the TLS handshake failed"),
            Err(_) => tracing::debug!(peer = %arrival.peer, "the TLS handshake took too long"),
        },
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
