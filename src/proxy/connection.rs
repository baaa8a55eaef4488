//! One client connection: TLS if the listener wants it, then the protocol that was agreed on.

use super::{
    admission::{Overload, Seat},
    buffers::Share,
    drain::Waiter,
    guard::Verdict,
    http1,
    http2::{self, Offered},
    intake::Intake,
    socket::ClientSocket,
    tls,
    worker::Worker,
};
use crate::{classify::Arrival, telemetry::Counters};
use rustls::ServerConfig;
use std::{rc::Rc, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Who sends a request, and how far it got: shared by the requests of an HTTP/1 connection, which come one by one; each
/// stream of an HTTP/2 connection has its own.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) arrival: Arrival,
    pub(super) intake: Intake,
    pub(super) verdict: Verdict,
    /// It came over this bound: its first request is refused, whatever it is.
    pub(super) turned_away: Option<Overload>,
    /// What the client has not taken yet, where that is not the connection's to know: in HTTP/2.
    pub(super) offered: Option<Offered>,
}

impl Client {
    /// One that has not sent anything yet.
    pub(super) fn new(arrival: Arrival, worker: &Worker) -> Self {
        Self {
            arrival,
            intake: Intake::counted(Share {
                counters: worker.journal.counters.clone(),
                room: worker.room,
            }),
            verdict: Verdict::default(),
            turned_away: None,
            offered: None,
        }
    }

    /// That of one stream of HTTP/2.
    pub(super) fn of_stream(arrival: Arrival, intake: Intake, offered: Offered) -> Self {
        Self {
            arrival,
            intake,
            verdict: Verdict::default(),
            turned_away: None,
            offered: Some(offered),
        }
    }
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
    let _counted = PanicCount::new(worker.journal.counters.clone());
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the socket does not take TCP_NODELAY");
    }
    let stream = ClientSocket::new(stream, worker.sweep.clone(), worker.waits.body_idle);
    match tls {
        None => http1::speak(http1::Stream::Plain(stream), arrival, worker, waiter, turned_away).await,
        Some(tls) => {
            // What only a part of a connection's life needs has a place of its own, and is gone with it.
            let Some(stream) = Box::pin(shake_hands(stream, tls, arrival, &worker)).await else {
                return;
            };
            if is_http2(&stream) {
                Box::pin(http2::speak(stream, arrival, worker, waiter)).await;
            } else {
                http1::speak(http1::Stream::Tls(stream), arrival, worker, waiter, turned_away).await;
            }
        }
    }
}

async fn shake_hands(
    stream: ClientSocket,
    tls: Arc<ServerConfig>,
    arrival: Arrival,
    worker: &Worker,
) -> Option<Box<TlsStream<ClientSocket>>> {
    let handshake = TlsAcceptor::from(tls).accept(stream);
    match worker.sweep.within(worker.waits.tls_handshake, handshake).await {
        Some(Ok(stream)) => return Some(Box::new(stream)),
        Some(Err(error)) => {
            tracing::debug!(peer = %arrival.peer, %error, "the TLS handshake failed");
        }
        None => tracing::debug!(peer = %arrival.peer, "the TLS handshake took too long"),
    }
    None
}

fn is_http2(stream: &TlsStream<ClientSocket>) -> bool {
    tls::agreed_on_http2(stream.get_ref().1)
}

/// Counts the panic that drops it. The panic itself ends with the task of the connection, or of the stream; nobody else
/// notices (rulings, 37).
#[derive(Debug)]
pub(super) struct PanicCount(Arc<Counters>);

impl PanicCount {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self(counters)
    }
}

impl Drop for PanicCount {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.count_panic();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::size_of;

    /// How large the future of a function is.
    fn future<A, B, C, D, E, F, G>(_: impl Fn(A, B, C, D, E, F) -> G) -> usize {
        size_of::<G>()
    }

    /// TLS has state of its own beside this, in places of its own.
    #[test]
    fn what_an_idle_connection_keeps_is_small() {
        let future = future(serve);
        assert!(future <= 640, "{future}");
    }
}
