//! Accepting connections: each gets its place, or is turned away quickly; what the system has run out of is waited for.

use super::{
    admission::{Door, Overload},
    connection,
    drain::Drain,
    worker::{Socket, Worker},
};
use crate::{classify::Arrival, obs::scheme::Scheme};
use rustls::ServerConfig;
use std::{
    cell::Cell,
    future::poll_fn,
    io::{self, ErrorKind},
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{Instant, sleep, timeout},
};

/// One worker's way in by one listener.
#[derive(Debug)]
pub(super) struct Entrance {
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    door: Door,
    worker: Rc<Worker>,
    drain: Drain,
    turned_away: Seldom,
    failed: Seldom,
}

/// Something that is said once in a while, however often it happens.
#[derive(Debug, Default)]
struct Seldom {
    said: Cell<Option<Instant>>,
    unsaid: Cell<u64>,
}

impl Entrance {
    /// # Errors
    /// When the socket cannot be had.
    pub(super) fn open(socket: Socket, worker: Rc<Worker>, drain: Drain) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::from_std(socket.listener)?,
            tls: socket.tls,
            door: socket.door,
            worker,
            drain,
            turned_away: Seldom::default(),
            failed: Seldom::default(),
        })
    }

    /// Accepts connections until the word to stop; those that were waiting by then are still served.
    pub(super) async fn accept(self, mut stop: watch::Receiver<bool>) {
        // Held while it runs, so that nobody takes the worker for idle before the last connection was accepted.
        let waiter = self.drain.join();
        loop {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => self.begin(stream, peer),
                    Err(error) => self.recover(&error).await,
                }
            }
        }
        while let Some(Ok((stream, peer))) = poll_fn(|cx| {
            Poll::Ready(match self.listener.poll_accept(cx) {
                Poll::Ready(accepted) => Some(accepted),
                Poll::Pending => None,
            })
        })
        .await
        {
            self.begin(stream, peer);
        }
        drop(waiter);
    }

    fn begin(&self, stream: TcpStream, peer: SocketAddr) {
        let worker = &self.worker;
        match self.door.enter(peer.ip(), &worker.journal.counters) {
            Err(overload) => self.turn_away(stream, peer, overload),
            entered @ Ok(_) => {
                let (arrival, waiter) = (self.arrival(peer), self.drain.join());
                let served =
                    connection::serve(stream, self.tls.clone(), arrival, worker.clone(), waiter, entered);
                tokio::task::spawn_local(served);
            }
        }
    }

    /// Answers 503 to a connection that came over a bound, and closes it. Beyond so many of those at once, and where
    /// an answer would cost a TLS handshake, which is the dearest thing a client can ask for, it is just closed.
    fn turn_away(&self, stream: TcpStream, peer: SocketAddr, overload: Overload) {
        let counters = &self.worker.journal.counters;
        counters.turned_away.add(1);
        if self.tls.is_none()
            && let Ok(leave) = self.worker.farewells.clone().try_acquire_owned()
        {
            let (arrival, waiter) = (self.arrival(peer), self.drain.join());
            let answered =
                connection::serve(stream, None, arrival, self.worker.clone(), waiter, Err(overload));
            tokio::task::spawn_local(async move {
                // One that does not ask, or does not read, goes without.
                let _ = timeout(FAREWELL, answered).await;
                drop(leave);
            });
            return;
        }
        drop(stream);
        counters.count_rule(overload.id());
        if let Some(times) = self.turned_away.say() {
            tracing::warn!(%peer, rule = overload.id(), times, "connections are closed unanswered: there are too many");
        }
    }

    /// What a connection brought upon itself is no reason to wait; what the system has run out of is.
    async fn recover(&self, error: &io::Error) {
        self.worker.journal.counters.accept_errors.add(1);
        if let Some(times) = self.failed.say() {
            tracing::warn!(%error, times, "connections cannot be accepted");
        }
        if !matches!(
            error.kind(),
            ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
        ) {
            sleep(ACCEPT_AGAIN).await;
        }
    }

    fn arrival(&self, peer: SocketAddr) -> Arrival {
        let scheme = if self.tls.is_some() {
            Scheme::Https
        } else {
            Scheme::Http
        };
        Arrival { scheme, peer }
    }
}

impl Seldom {
    /// Whether to say it now; and if so, how often it has happened since it was said last.
    fn say(&self) -> Option<u64> {
        let times = self.unsaid.get().saturating_add(1);
        if self.said.get().is_some_and(|said| said.elapsed() < SILENCE) {
            self.unsaid.set(times);
            return None;
        }
        self.said.set(Some(Instant::now()));
        self.unsaid.set(0);
        Some(times)
    }
}

/// How many connections of a worker that came over a bound are answered at once.
pub(super) const FAREWELLS: usize = 64;
/// How long that may take each.
const FAREWELL: Duration = Duration::from_secs(2);
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
const SILENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_happening_is_said_once_in_a_while_with_how_often() {
        let seldom = Seldom::default();
        assert_eq!(seldom.say(), Some(1));
        for _ in 0..99 {
            sleep(SILENCE / 100).await;
            assert_eq!(seldom.say(), None);
        }
        sleep(SILENCE / 100).await;
        assert_eq!(seldom.say(), Some(100));
        assert_eq!(seldom.say(), None);
        sleep(SILENCE).await;
        assert_eq!(seldom.say(), Some(2));
    }
}
