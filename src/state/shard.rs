//! One shard of a table: a fixed slab of entries, found through hash chains, each in one of several lanes.
//!
//! A lane is a list in order of expiry. When the slab is full, the fullest lane gives up its oldest entry. So
//! whoever fills the table pays with entries of his own lane, and this holds:
//!
//! > An entry is only ever evicted while its lane holds at least `capacity / lanes` entries.
//!
//! Every operation takes constant time (eviction looks at one counter per lane); nothing is allocated after
//! [`Shard::new`], so nothing is ever moved while the shard is locked.

use super::{
    Evidence, Moment,
    fingerprint::Fingerprint,
    mark::{Mark, Taught},
};
use crate::obs::encryption::EncryptionSet;

/// What is remembered of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) fingerprint: Fingerprint,
    pub(super) lane: u16,
    pub(super) encryption: EncryptionSet,
    pub(super) evidence: Evidence,
    pub(super) expires: Moment,
}

/// Who is told of entries that went without being forgotten.
pub(super) type Dropped<'d> = &'d mut dyn FnMut(Record);

/// See the module.
#[derive(Debug)]
pub(super) struct Shard {
    /// The first entry of each chain. A power of two of them.
    chains: Box<[u32]>,
    entries: Vec<Entry>,
    /// When each entry was taught what, if that is kept: apart from [`Self::entries`] to keep those of others small.
    taught: Option<Vec<Taught>>,
    lanes: Box<[Lane]>,
    /// How many entries each lane holds: apart from [`Self::lanes`] to be searched fast.
    sizes: Box<[u32]>,
    /// The first unused entry, chained like the used ones.
    free: u32,
    len: usize,
    capacity: usize,
    evicted: u64,
}

/// A [`Record`] and its places, laid out to take 40 bytes.
#[derive(Debug)]
struct Entry {
    fingerprint: Fingerprint,
    expires: Moment,
    chain: u32,
    older: u32,
    newer: u32,
    lane: u16,
    encryption: EncryptionSet,
    evidence: Evidence,
}

#[derive(Clone, Copy, Debug)]
struct Lane {
    oldest: u32,
    newest: u32,
}

impl Shard {
    /// Room for `capacity` entries, at least one, in `lanes` lanes, at least one.
    pub(super) fn new(capacity: usize, lanes: u16) -> Self {
        let capacity = capacity.clamp(1, MAX_CAPACITY);
        let lanes = usize::from(lanes.max(1));
        Self {
            chains: vec![NIL; capacity.next_power_of_two()].into(),
            entries: Vec::with_capacity(capacity),
            taught: None,
            lanes: vec![Lane::EMPTY; lanes].into(),
            sizes: vec![0; lanes].into(),
            free: NIL,
            len: 0,
            capacity,
            evicted: 0,
        }
    }

    /// One that keeps when each entry was taught what.
    pub(super) fn in_order(capacity: usize, lanes: u16) -> Self {
        let shard = Self::new(capacity, lanes);
        Self {
            taught: Some(Vec::with_capacity(shard.capacity)),
            ..shard
        }
    }

    /// What is remembered under `fingerprint`, unless it has expired.
    pub(super) fn get(&self, fingerprint: Fingerprint, now: Moment) -> Option<Record> {
        let record = self.entry(self.find(fingerprint))?.record();
        (record.expires > now).then_some(record)
    }

    /// Remembers a record, in place of any other of its fingerprint. What has to go for it is reported to `dropped`.
    pub(super) fn put(&mut self, record: Record, now: Moment, dropped: Dropped<'_>) {
        let known = self.find(record.fingerprint);
        if known != NIL {
            self.leave_lane(known);
            if let Some(entry) = self.entry_mut(known) {
                entry.lane = record.lane;
                entry.encryption = record.encryption;
                entry.evidence = record.evidence;
                entry.expires = record.expires;
            }
            self.join_lane(known);
            return;
        }
        self.expire_lane(usize::from(record.lane), now, EXPIRED_PER_PUT, dropped);
        if self.len >= self.capacity {
            self.evict(dropped);
        }
        let index = self.take(record);
        self.join_lane(index);
    }

    /// Keeps that an entry was taught these just now. An entry that is put anew was taught nothing yet.
    pub(super) fn teach(&mut self, fingerprint: Fingerprint, encryption: EncryptionSet, now: Mark) {
        let index = self.find(fingerprint);
        if let Some(taught) = self.taught_mut(index) {
            taught.teach(encryption, now);
        }
    }

    /// What an entry was taught since, of what is still remembered; all of it where that is not kept.
    pub(super) fn taught_since(&self, fingerprint: Fingerprint, mark: Mark) -> Option<EncryptionSet> {
        let index = self.find(fingerprint);
        let remembered = self.entry(index)?.encryption;
        match self.taught.as_ref().and_then(|taught| taught.get(index as usize)) {
            Some(taught) => taught.since(mark, remembered),
            None => Some(remembered),
        }
    }

    /// Forgets, and gives what there was to forget.
    pub(super) fn remove(&mut self, fingerprint: Fingerprint) -> Option<Record> {
        let index = self.find(fingerprint);
        let record = self.entry(index)?.record();
        self.release(index);
        Some(record)
    }

    /// Forgets whatever has expired.
    pub(super) fn expire(&mut self, now: Moment, dropped: Dropped<'_>) {
        for lane in 0..self.lanes.len() {
            self.expire_lane(lane, now, usize::MAX, dropped);
        }
    }

    /// How many entries there are, the expired ones included.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// How many entries have been given up for others, ever.
    pub(super) const fn evicted(&self) -> u64 {
        self.evicted
    }

    fn expire_lane(&mut self, lane: usize, now: Moment, at_most: usize, dropped: Dropped<'_>) {
        for _ in 0..at_most {
            let oldest = self.lanes.get(lane).map_or(NIL, |lane| lane.oldest);
            match self.entry(oldest) {
                Some(entry) if entry.expires <= now => {
                    dropped(entry.record());
                    self.release(oldest);
                }
                _ => return,
            }
        }
    }

    fn evict(&mut self, dropped: Dropped<'_>) {
        // Two passes without a branch in the first, which the compiler turns into vector instructions.
        let fullest = self.sizes.iter().copied().fold(0, u32::max);
        let lane = self.sizes.iter().position(|size| *size == fullest);
        let oldest = lane
            .and_then(|lane| self.lanes.get(lane))
            .map_or(NIL, |lane| lane.oldest);
        if let Some(entry) = self.entry(oldest) {
            dropped(entry.record());
            self.evicted += 1;
            self.release(oldest);
        }
    }

    /// Puts a record into an unused entry and its chain.
    fn take(&mut self, record: Record) -> u32 {
        let chain = self.chain_of(record.fingerprint);
        let head = self.chains.get(chain).copied().unwrap_or(NIL);
        let entry = Entry {
            fingerprint: record.fingerprint,
            expires: record.expires,
            chain: head,
            older: NIL,
            newer: NIL,
            lane: record.lane,
            encryption: record.encryption,
            evidence: record.evidence,
        };
        let index = self.free;
        let index = if let Some(unused) = self.entry_mut(index) {
            let next = unused.chain;
            *unused = entry;
            self.free = next;
            if let Some(taught) = self.taught_mut(index) {
                *taught = Taught::default();
            }
            index
        } else {
            self.entries.push(entry);
            if let Some(taught) = &mut self.taught {
                taught.push(Taught::default());
            }
            u32::try_from(self.entries.len() - 1).unwrap_or(NIL)
        };
        if let Some(head) = self.chains.get_mut(chain) {
            *head = index;
        }
        self.len += 1;
        index
    }

    /// Takes an entry out of its lane and chain.
    fn release(&mut self, index: u32) {
        self.leave_lane(index);
        let Some(entry) = self.entry(index) else { return };
        let (chain, next) = (self.chain_of(entry.fingerprint), entry.chain);
        let mut at = self.chains.get(chain).copied().unwrap_or(NIL);
        if at == index {
            if let Some(head) = self.chains.get_mut(chain) {
                *head = next;
            }
        } else {
            while let Some(entry) = self.entry_mut(at) {
                if entry.chain == index {
                    entry.chain = next;
                    break;
                }
                at = entry.chain;
            }
        }
        let free = self.free;
        if let Some(entry) = self.entry_mut(index) {
            entry.chain = free;
        }
        self.free = index;
        self.len -= 1;
    }

    fn leave_lane(&mut self, index: u32) {
        let Some(entry) = self.entry(index) else { return };
        let (lane, older, newer) = (usize::from(entry.lane), entry.older, entry.newer);
        if let Some(entry) = self.entry_mut(older) {
            entry.newer = newer;
        }
        if let Some(entry) = self.entry_mut(newer) {
            entry.older = older;
        }
        if let Some(lane) = self.lanes.get_mut(lane) {
            if lane.oldest == index {
                lane.oldest = newer;
            }
            if lane.newest == index {
                lane.newest = older;
            }
        }
        if let Some(size) = self.sizes.get_mut(lane) {
            *size -= 1;
        }
    }

    fn join_lane(&mut self, index: u32) {
        let Some(entry) = self.entry(index) else { return };
        let at = usize::from(entry.lane);
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        let older = std::mem::replace(&mut lane.newest, index);
        if lane.oldest == NIL {
            lane.oldest = index;
        }
        if let Some(size) = self.sizes.get_mut(at) {
            *size += 1;
        }
        if let Some(entry) = self.entry_mut(index) {
            entry.older = older;
            entry.newer = NIL;
        }
        if let Some(entry) = self.entry_mut(older) {
            entry.newer = index;
        }
    }

    /// The index of an entry, or [`NIL`].
    fn find(&self, fingerprint: Fingerprint) -> u32 {
        let mut at = self
            .chains
            .get(self.chain_of(fingerprint))
            .copied()
            .unwrap_or(NIL);
        while let Some(entry) = self.entry(at) {
            if entry.fingerprint == fingerprint {
                break;
            }
            at = entry.chain;
        }
        at
    }

    #[expect(clippy::cast_possible_truncation, reason = "masked by the number of chains")]
    const fn chain_of(&self, fingerprint: Fingerprint) -> usize {
        fingerprint.chain_bits() as usize & (self.chains.len() - 1)
    }

    fn entry(&self, index: u32) -> Option<&Entry> {
        self.entries.get(index as usize)
    }

    fn entry_mut(&mut self, index: u32) -> Option<&mut Entry> {
        self.entries.get_mut(index as usize)
    }

    fn taught_mut(&mut self, index: u32) -> Option<&mut Taught> {
        self.taught.as_mut()?.get_mut(index as usize)
    }
}

impl Entry {
    const fn record(&self) -> Record {
        Record {
            fingerprint: self.fingerprint,
            lane: self.lane,
            encryption: self.encryption,
            evidence: self.evidence,
            expires: self.expires,
        }
    }
}

impl Lane {
    const EMPTY: Self = Self {
        oldest: NIL,
        newest: NIL,
    };
}

/// No entry: an index that no slab reaches.
const NIL: u32 = u32::MAX;
const MAX_CAPACITY: usize = NIL as usize - 1;

/// More than one, so that what has expired goes away faster than new entries come.
const EXPIRED_PER_PUT: usize = 2;
