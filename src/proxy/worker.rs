//! One worker: a thread with a runtime, sockets and a pool of its own, sharing nothing on the way of a request.

use super::{
    accept::{Entrance, FAREWELLS},
    admission::{Door, Room},
    answer::Journal,
    drain::Drain,
    exposure::Exposures,
    guard,
    handling::Orphans,
    http1::Scratch,
    knowledge::Knowledge,
    lookup::{Lookups, Means, Terms},
    pace::Waits,
    reclaim,
    respond::Dates,
    sweep::Sweep,
    upstream::{Origin, Upstream},
};
use crate::{
    config,
    obs::{form::Limits, resource::Endpoints},
    policy::Policy,
    telemetry::RequestId,
};
use rustls::ServerConfig;
use std::{cell::Cell, io, rc::Rc, sync::Arc, time::Duration};
use tokio::{
    runtime::Runtime,
    sync::{Semaphore, watch},
    task::LocalSet,
};

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
    pub(super) sizes: guard::Limits,
    pub(super) room: Room,
    pub(super) exposures: Exposures,
    /// For connections that are answered although they came over a bound.
    pub(super) farewells: Arc<Semaphore>,
    pub(super) dates: Dates,
    /// What its connections of HTTP/1 read into and write from.
    pub(super) scratch: Scratch,
    pub(super) orphans: Orphans,
    ids: Ids,
}

/// A worker's own socket for one listener.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) listener: std::net::TcpListener,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) door: Door,
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
    pub(super) sizes: guard::Limits,
    pub(super) room: Room,
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
    /// When a socket cannot be had.
    pub(super) fn run(self, runtime: &Runtime, journal: impl FnOnce() -> Journal) -> io::Result<()> {
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
        let (orphans, see_through) = Orphans::new(drain.clone());
        tokio::task::spawn_local(see_through);
        let worker = Rc::new(Worker {
            policy: self.policy,
            endpoints: self.endpoints,
            upstream,
            journal,
            exposures: Exposures::new(self.knowledge.fingerprint_key()),
            knowledge: self.knowledge,
            lookups,
            form_limits: self.form_limits,
            waits: Waits::new(&sweep, &self.timeouts, &self.limits),
            sweep,
            sizes: self.sizes,
            room: self.room,
            farewells: Arc::new(Semaphore::new(FAREWELLS)),
            dates: Dates::default(),
            scratch: Scratch::new(),
            orphans,
            ids: Ids {
                worker: unique(self.number),
                next: Cell::new(0),
            },
        });
        for socket in self.sockets {
            let entrance = Entrance::open(socket, worker.clone(), drain.clone())?;
            tokio::task::spawn_local(entrance.accept(self.stop.clone()));
        }
        tokio::task::spawn_local(async move {
            loop {
                tokio::time::sleep(FLUSH).await;
                log.flush();
            }
        });
        tokio::task::spawn_local(reclaim::run());
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

/// A number that no other worker, of this run or another, is likely to have.
fn unique(number: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(number)
}

const FLUSH: Duration = Duration::from_millis(100);
/// How often what has expired is freed.
const PURGE: Duration = Duration::from_mins(1);
/// How long what is in flight may take to finish after the word to stop.
const DRAIN: Duration = Duration::from_mins(2);
