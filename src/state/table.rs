//! A table shared by the worker threads: shards, each behind a lock that is held for one look-up or change.

use super::{
    Moment,
    fingerprint::Fingerprint,
    shard::{Dropped, Shard},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the module.
#[derive(Debug)]
pub(super) struct Table {
    shards: Box<[Padded]>,
}

/// Two cache lines to itself, because processors fetch them in pairs: one lock does not slow its neighbour.
#[derive(Debug)]
#[repr(align(128))]
struct Padded(Mutex<Shard>);

impl Table {
    /// Room for `capacity` entries. Each shard has `lanes` lanes.
    pub(super) fn new(capacity: usize, lanes: u16) -> Self {
        Self::of(capacity, lanes, Shard::new)
    }

    /// One that keeps when each entry was taught what.
    pub(super) fn in_order(capacity: usize, lanes: u16) -> Self {
        Self::of(capacity, lanes, Shard::in_order)
    }

    fn of(capacity: usize, lanes: u16, shard: fn(usize, u16) -> Shard) -> Self {
        let shards = if capacity < SHARDS * usize::from(lanes) {
            1
        } else {
            SHARDS
        };
        Self {
            shards: (0..shards)
                .map(|_| Padded(Mutex::new(shard(capacity / shards, lanes))))
                .collect(),
        }
    }

    /// Locks the shard of `fingerprint`. Nothing but a call of the shard and a push may happen under the lock.
    #[expect(clippy::indexing_slicing, reason = "the remainder is less than the length")]
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits count")]
    pub(super) fn lock(&self, fingerprint: Fingerprint) -> MutexGuard<'_, Shard> {
        let shard = &self.shards[fingerprint.shard_bits() as usize % self.shards.len()];
        shard.lock()
    }

    /// Forgets whatever has expired, one shard after the other.
    pub(super) fn expire(&self, now: Moment, dropped: Dropped<'_>) {
        for shard in &self.shards {
            shard.lock().expire(now, dropped);
        }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// How many entries have been given up for others.
    pub(super) fn evicted(&self) -> u64 {
        self.shards.iter().map(|shard| shard.lock().evicted()).sum()
    }
}

impl Padded {
    /// A shard stays usable when a thread panicked over it: nothing in it can panic half-way through a change.
    fn lock(&self) -> MutexGuard<'_, Shard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Enough that workers seldom meet, few enough that a bucket's uploads spread evenly over them.
const SHARDS: usize = 16;
