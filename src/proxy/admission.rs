//! Who is let in: so many connections of a listener and of a peer, so many requests in flight, so much in buffers.
//!
//! Whoever comes over a bound is told at once, with 503 `SlowDown`, and waits nowhere. Connections are counted over all
//! workers, once each; requests and buffers by their worker alone, so that nothing is shared on a request's way.

use crate::{config::Limits, telemetry::Counters};
use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Which bound a connection or a request came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Overload {
    /// The connections of the listener.
    Connections,
    /// The connections of the peer's address.
    Peer,
    /// The requests that the worker has in flight.
    Requests,
    /// The worker's share of the bytes for buffers.
    Buffers,
}

/// The way in by one listener, the same one for all workers.
#[derive(Clone, Debug)]
pub(super) struct Door {
    connections: Arc<Connections>,
    peers: Option<Arc<Peers>>,
}

/// One connection's place. Given up when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    connections: Arc<Connections>,
    _peer: Option<PeerSeat>,
    counters: Arc<Counters>,
}

/// What one worker takes on at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    requests: u64,
    bytes: u64,
}

/// How many connections each peer address has, over all listeners.
#[derive(Debug)]
pub(super) struct Peers {
    most: u32,
    open: Mutex<HashMap<IpAddr, u32>>,
}

#[derive(Debug)]
struct Connections {
    most: usize,
    open: AtomicUsize,
}

#[derive(Debug)]
struct PeerSeat {
    peers: Arc<Peers>,
    address: IpAddr,
}

impl Overload {
    /// Every bound.
    pub const ALL: [Self; 4] = [Self::Connections, Self::Peer, Self::Requests, Self::Buffers];

    /// The id in log lines, metrics and the `x-obsgate-rule` header.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Connections => "limit.connections",
            Self::Peer => "limit.peer",
            Self::Requests => "limit.requests",
            Self::Buffers => "limit.buffers",
        }
    }

    /// Whether the connection is to end with the refusal: it should not be there, or may hold what there is too much of.
    pub(super) const fn closes(self) -> bool {
        match self {
            Self::Connections | Self::Peer | Self::Buffers => true,
            Self::Requests => false,
        }
    }

    /// The text for the caller.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Connections => "Please reduce your request rate: there are too many connections.",
            Self::Peer => {
                "Please reduce your request rate: there are too many connections from your address."
            }
            Self::Requests => "Please reduce your request rate: there are too many requests in flight.",
            Self::Buffers => "Please reduce your request rate: too much is on its way.",
        }
    }
}

impl Door {
    /// The way in by a listener that has no connections yet.
    pub(super) fn new(limits: &Limits, peers: Option<Arc<Peers>>) -> Self {
        Self {
            connections: Arc::new(Connections {
                most: limits.connections_per_listener,
                open: AtomicUsize::new(0),
            }),
            peers,
        }
    }

    /// Takes a place for a connection that was accepted by the worker with these counters.
    ///
    /// # Errors
    /// Which bound it came over.
    pub(super) fn enter(&self, peer: IpAddr, counters: &Arc<Counters>) -> Result<Seat, Overload> {
        let peer = match &self.peers {
            None => None,
            Some(peers) => Some(peers.sit(peer).ok_or(Overload::Peer)?),
        };
        let entered = |open| (open < self.connections.most).then(|| open + 1);
        self.connections
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, entered)
            .map_err(|_| Overload::Connections)?;
        counters.connections.add(1);
        Ok(Seat {
            connections: Arc::clone(&self.connections),
            _peer: peer,
            counters: Arc::clone(counters),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.connections.open.fetch_sub(1, Ordering::Relaxed);
        self.counters.connections.sub(1);
    }
}

impl Peers {
    /// The peers' bound, if there is one.
    pub(super) fn new(most: Option<NonZeroU32>) -> Option<Arc<Self>> {
        most.map(|most| {
            Arc::new(Self {
                most: most.get(),
                open: Mutex::default(),
            })
        })
    }

    fn sit(self: &Arc<Self>, address: IpAddr) -> Option<PeerSeat> {
        // One host is one peer, whichever way it is written.
        let address = address.to_canonical();
        let mut all = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.entry(address).or_default();
        if *open >= self.most {
            return None;
        }
        *open += 1;
        drop(all);
        Some(PeerSeat {
            peers: Arc::clone(self),
            address,
        })
    }
}

impl Drop for PeerSeat {
    fn drop(&mut self) {
        let mut all = self.peers.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = all.get_mut(&self.address) {
            *open -= 1;
            if *open == 0 {
                all.remove(&self.address);
            }
        }
    }
}

impl Room {
    /// What each of so many workers takes on.
    pub(super) fn of(limits: &Limits, workers: usize) -> Self {
        Self {
            requests: limits.requests_in_flight as u64,
            bytes: (limits.buffer_bytes / workers.max(1)) as u64,
        }
    }

    /// Whether there is room for another request.
    ///
    /// # Errors
    /// Which bound it would be over.
    pub(super) fn check(self, counters: &Counters) -> Result<(), Overload> {
        if counters.requests.get() >= self.requests {
            Err(Overload::Requests)
        } else if self.is_used_up(counters) {
            Err(Overload::Buffers)
        } else {
            Ok(())
        }
    }

    /// Whether as much is in buffers as may be.
    pub(super) fn is_used_up(self, counters: &Counters) -> bool {
        counters.buffered.get() >= self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, thread};

    fn limits(connections: usize) -> Limits {
        Limits {
            connections_per_listener: connections,
            ..Limits::default()
        }
    }

    #[test]
    fn every_bound_has_an_id_and_a_text_of_its_own() {
        let all = Overload::ALL;
        assert_eq!(
            all.map(Overload::id).into_iter().collect::<BTreeSet<_>>().len(),
            4
        );
        assert_eq!(
            all.map(Overload::message)
                .into_iter()
                .collect::<BTreeSet<_>>()
                .len(),
            4
        );
    }

    #[test]
    fn workers_that_race_for_places_never_take_more_than_there_are_and_give_all_back() {
        let door = Door::new(&limits(10), Peers::new(NonZeroU32::new(7)));
        let most = AtomicUsize::new(0);
        thread::scope(|scope| {
            for n in 0..4u8 {
                let (door, most) = (door.clone(), &most);
                scope.spawn(move || {
                    let counters = Arc::default();
                    let address = IpAddr::from([127, 0, 0, n % 2]);
                    for _ in 0..1_000 {
                        let seats: Vec<_> = (0..4).map(|_| door.enter(address, &counters)).collect();
                        most.fetch_max(door.connections.open.load(Ordering::Relaxed), Ordering::Relaxed);
                        drop(seats);
                    }
                    assert_eq!(counters.connections.get(), 0);
                });
            }
        });
        assert!((4..=10).contains(&most.into_inner()));
        assert_eq!(door.connections.open.load(Ordering::Relaxed), 0);
        assert!(door.peers.unwrap().open.lock().unwrap().is_empty());
    }

    #[test]
    fn a_peer_is_its_address_however_it_is_written_and_whichever_listener_it_came_by() {
        let peers = Peers::new(NonZeroU32::new(2));
        let (one, other) = (Door::new(&limits(9), peers.clone()), Door::new(&limits(9), peers));
        let counters = Arc::default();
        let mapped: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        let plain: IpAddr = "127.0.0.1".parse().unwrap();
        let first = one.enter(mapped, &counters).unwrap();
        let _second = other.enter(plain, &counters).unwrap();
        for (door, address) in [(&one, plain), (&other, mapped)] {
            assert_eq!(door.enter(address, &counters).unwrap_err(), Overload::Peer);
        }
        assert!(one.enter("127.0.0.2".parse().unwrap(), &counters).is_ok());
        drop(first);
        assert!(one.enter(plain, &counters).is_ok());
    }

    #[test]
    fn a_connection_that_is_refused_at_one_bound_takes_no_place_at_the_other() {
        let door = Door::new(&limits(1), Peers::new(NonZeroU32::new(2)));
        let counters = Arc::default();
        let address: IpAddr = "127.0.0.1".parse().unwrap();
        let only = door.enter(address, &counters).unwrap();
        for _ in 0..5 {
            assert_eq!(door.enter(address, &counters).unwrap_err(), Overload::Connections);
        }
        drop(only);
        assert!(door.enter(address, &counters).is_ok());
        assert!(door.peers.unwrap().open.lock().unwrap().is_empty());
    }
}
