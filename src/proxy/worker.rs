//! One worker: a thread with a runtime, sockets and a pool of its own, sharing nothing on the way of a request.

use super::{
    answer::Journal,
    connection,
    drain::Drain,
    knowledge::Knowledge,
    lookup::{Lookups, Means, Terms},
    pace::Waits,
    sweep::Sweep,
    upstream::{Origin, Upstream},
};
use crate::{
    classify::Arrival,
    config,
    obs::{form::Limits, resource::Endpoints, scheme::Scheme},
    policy::Policy,
    telemetry::RequestId,
};
use rustls::ServerConfig;
use std::{cell::Cell, future::poll_fn, io, rc::Rc, sync::Arc, task::Poll, time::Duration};
use tokio::{net::TcpListener, sync::watch, task::LocalSet};

/// What a worker's requests share.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) policy: Arc<Policy>,
    pub(super) endpoints: Arc<Endpoints>,
    pub(super) upstream: Upstream,
    pub(super) journal: Journal,
    pub(super) knowledge: Knowledge,
    pub(super) lookups: Option<Lookups>,
    pub(super) form_limits: Limits,
    /// The clock that every deadline of the worker's is measured with.
    pub(super) sweep: Rc<Sweep>,
    pub(super) waits: Waits,
    ids: Ids,
}

/// A worker's own socket for one listener.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) listener: std::net::TcpListener,
    pub(super) tls: Option<Arc<ServerConfig>>,
}

/// Everything a worker is made of, ready to go to its thread.
#[derive(Debug)]
pub(super) struct Seed {
    pub(super) number: u64,
    pub(super) policy: Arc<Policy>,
    pub(super) endpoints: Arc<Endpoints>,
    pub(super) origin: Origin,
    pub(super) knowledge: Knowledge,
    pub(super) lookups: Option<Terms>,
    pub(super) form_limits: Limits,
    pub(super) timeouts: config::Timeouts,
    pub(super) limits: config::Limits,
    pub(super) sockets: Vec<Socket>,
    /// Becomes true when the worker is to finish.
    pub(super) stop: watch::Receiver<bool>,
}

#[derive(Debug)]
struct Ids {
    worker: u64,
    next: Cell<u64>,
}

impl Worker {
    /// Mints the id of a new request.
    pub(super) fn next_id(&self) -> RequestId {
        let number = self.ids.next.get();
        self.ids.next.set(number.wrapping_add(1));
        RequestId {
            worker: self.ids.worker,
            number,
        }
    }
}

impl Seed {
    /// Runs the worker until it is told to stop and everything in flight has ended, or the time for that is over.
    ///
    /// # Errors
    /// When the runtime or a socket cannot be had.
    pub(super) fn run(self, journal: impl FnOnce() -> Journal) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let journal = journal();
        let local = LocalSet::new();
        runtime.block_on(local.run_until(self.work(journal)))
    }

    async fn work(mut self, journal: Journal) -> io::Result<()> {
        let drain = Drain::default();
        let log = journal.log.clone();
        let shortest = self.origin.timeouts.watched().into_iter();
        let shortest = shortest.chain(Waits::of(&self.timeouts, &self.limits));
        let sweep = Rc::new(Sweep::for_waits(shortest));
        let upstream = Upstream::new(self.origin, sweep.clone());
        let pooled = upstream.clone();
        tokio::task::spawn_local(sweep.clone().run(move || pooled.tidy()));
        let means = || Means {
            upstream: upstream.clone(),
            policy: self.policy.clone(),
            endpoints: self.endpoints.clone(),
            knowledge: self.knowledge.clone(),
        };
        let lookups = self.lookups.map(|terms| Lookups::new(terms, means()));
        let worker = Rc::new(Worker {
            policy: self.policy,
            endpoints: self.endpoints,
            upstream,
            journal,
            knowledge: self.knowledge,
            lookups,
            form_limits: self.form_limits,
            waits: Waits::new(&sweep, &self.timeouts, &self.limits),
            sweep,
            ids: Ids {
                worker: unique(self.number),
                next: Cell::new(0),
            },
        });
        for socket in self.sockets {
            let listener = TcpListener::from_std(socket.listener)?;
            let accepting = accept(
                listener,
                socket.tls,
                worker.clone(),
                drain.clone(),
                self.stop.clone(),
            );
            tokio::task::spawn_local(accepting);
        }
        tokio::task::spawn_local(async move {
            loop {
                tokio::time::sleep(FLUSH).await;
                log.flush();
            }
        });
        if self.number == 0 {
            let knowledge = worker.knowledge.clone();
            tokio::task::spawn_local(async move {
                loop {
                    tokio::time::sleep(PURGE).await;
                    knowledge.purge();
                }
            });
        }
        // The sender is gone only when the gate is: as good as the word to stop.
        let _ = self.stop.wait_for(|stop| *stop).await;
        drain.begin();
        if tokio::time::timeout(DRAIN, drain.emptied()).await.is_err() {
            tracing::warn!(
                connections = drain.waiting(),
                "the time to finish is over: connections are cut"
            );
        }
        Ok(())
    }
}

/// Accepts connections until the word to stop; those that were waiting by then are still served.
async fn accept(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    worker: Rc<Worker>,
    drain: Drain,
    mut stop: watch::Receiver<bool>,
) {
    // Held while it runs, so that nobody takes the worker for idle before the last connection was accepted.
    let waiter = drain.join();
    let scheme = if tls.is_some() {
        Scheme::Https
    } else {
        Scheme::Http
    };
    let begin = |stream, peer| {
        let arrival = Arrival { scheme, peer };
        let served = connection::serve(stream, tls.clone(), arrival, worker.clone(), drain.join());
        tokio::task::spawn_local(served);
    };
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => begin(stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
    while let Some(Ok((stream, peer))) = poll_fn(|cx| {
        Poll::Ready(match listener.poll_accept(cx) {
            Poll::Ready(accepted) => Some(accepted),
            Poll::Pending => None,
        })
    })
    .await
    {
        begin(stream, peer);
    }
    drop(waiter);
}

/// A number that no other worker, of this run or another, is likely to have.
fn unique(number: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(number)
}

const FLUSH: Duration = Duration::from_millis(100);
/// How often what has expired is freed.
const PURGE: Duration = Duration::from_mins(1);
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// How long what is in flight may take to finish after the word to stop.
const DRAIN: Duration = Duration::from_mins(2);
