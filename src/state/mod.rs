//! What the gate knows of stored things that a request does not show: uploads in progress, appended objects, and
//! what buckets encrypt with by default.
//!
//! # How to use it
//! One [`State`] for the whole process, behind an `Arc`. Every call takes about a microsecond at most and never blocks
//! on the file; each takes one lock for one look-up, never held across an `await`. The time is the caller's: see
//! [`Moment`].
//!
//! ```
//! # use obsgate::{obs::encryption::*, state::*};
//! # use std::time::Duration;
//! let state = State::new(&Limits::default(), &[]);
//! let now = Moment::from_millis(1_750_000_000_000);
//! let upload = Stored::Upload { bucket: b"photos", key: b"2025/a b.jpg", upload_id: b"0000018f" };
//!
//! // The answer to InitiateMultipartUpload has come; its body has not been passed on yet (rulings, 20).
//! let ticket = state.learn(&upload, EncryptionSet::only(Encryption::SseKms), Evidence::Response, now);
//! ticket.wait()?; // `.await` in a task, within a time limit
//!
//! // A part comes in.
//! let told = state.ask(&upload, now).unwrap();
//! assert_eq!(told.encryption.known(), Some(Encryption::SseKms));
//!
//! // Complete or Abort was answered with success.
//! state.forget(&upload);
//! assert_eq!(state.ask(&upload, now), None);
//! # Ok::<(), NotDurable>(())
//! ```
//!
//! - **Names are decoded**: percent-decode once (`Cow<[u8]>`, which allocates only if something was encoded). Bucket
//!   names are compared in any case, because hosts are; keys and upload ids byte for byte.
//! - **[`State::learn`]** counts in memory at once. Its [`Ticket`] completes, on any executor, when the change is
//!   durable; without a file, at once. Await it before an upload id is released; `drop` it where nobody
//!   waits for durability, as for bucket defaults. A ticket that fails means that the upload is known only until the
//!   gate restarts: log it loudly and release the id, for refusing would make a full disk an outage. A hanging disk
//!   keeps tickets pending: put a time limit round the await and treat it alike.
//! - **[`State::purge`]** once a minute or so, from a timer: frees what has expired. Nothing expired is ever told.
//!
//! # What is learned how
//! - *Uploads*: a second lesson narrows the first; where they contradict each other, both stay possible (rulings,
//!   12). They live for [`Limits::upload_lifetime`] since they were last asked or learned, less 1/64 at most: use is
//!   recorded that coarsely so that asking rarely writes.
//! - *Objects*: the last lesson counts, for an object can be replaced. They live like uploads.
//! - *Bucket defaults*: the last lesson counts, and is united with what is declared (rulings, 21). An answer may come
//!   late: what was learned since its request was sent stays possible beside it ([`State::learn_since`]). What only one
//!   object shows is united with what is known ([`State::unite`]). They live for [`Limits::default_lifetime`] since they were learned; those looked up for [`Limits::looked_up_lifetime`], and so
//!   a learned `none`, 60 s at most. These short-lived ones are never written to the file.
//!
//! # Bounds, and what a hostile client can do to them
//! There are at most [`Limits::entries`]: a sixteenth of them bucket defaults, the rest uploads and objects, so that
//! these cannot evict those (rulings, 21). An entry takes 40 bytes, and 45 with everything around it, whatever the
//! length of its names (a test measures it); a bucket default takes 32 more, for when it was learned. Memory for all of them is reserved at start; the system provides it when
//! it is used.
//!
//! Names are known by a 128-bit SipHash-1-3 under a random key, so nobody can aim at somebody else's entry. Uploads
//! fall into 1,024 lanes by a keyed hash of their bucket. When a shard is full, its fullest lane gives up its oldest
//! entry; hence *no entry is evicted while its lane holds less than a 1,024th of its shard*. Whoever begins uploads
//! without end in `n` buckets evicts his own, and those of a bucket that shares a lane with one of his (chance about
//! `n`/1,024). An evicted upload is an unknown one, and those are denied by default: this fails closed, and HTTPS with
//! V4 passes even then. Bucket defaults have two lanes, short-lived and long-lived, so that a flood of look-ups does
//! not evict what was learned; evicting that fails open under `unknown_bucket_default = "none"`, and takes as many
//! buckets, each with a default that the store confirmed, as half the table holds (31,250 with the default limits).
//! Declarations are never evicted.
//!
//! # The file
//! With [`State::open`] everything but short-lived defaults survives a restart and `kill -9`. A thread of the state's
//! own commits whatever came in during the last commit as one group. The file holds fingerprints only, no names, and
//! belongs to its owner alone (mode 0600). It serves one process. Damage is renamed and reported, never an error; see
//! [`SetAside`]. Lost by a crash: at most the last second of forgetting and of use.

mod declared;
mod file;
mod fingerprint;
mod journal;
mod learn;
mod limits;
mod mark;
mod moment;
mod shard;
mod table;
#[cfg(test)]
mod tests;
mod told;

pub use file::{OpenError, SetAside};
pub use journal::{NotDurable, Ticket};
pub use limits::Limits;
pub use mark::Mark;
pub use moment::Moment;
pub use told::{Evidence, Origin, Told};

use crate::obs::{bucket_pattern::BucketPattern, encryption::EncryptionSet};
use declared::Declared;
use file::{File, Opened};
use fingerprint::{Fingerprint, Secret};
use journal::{Change, Hurry, Journal};
use mark::Order;
use shard::Record;
use std::{fmt, path::Path};
use table::Table;

/// A thing with an encryption that a request may not show. Names are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stored<'a> {
    /// A multipart upload.
    Upload {
        /// Where it goes.
        bucket: &'a [u8],
        /// Where it goes.
        key: &'a [u8],
        /// The store's name for it.
        upload_id: &'a [u8],
    },
    /// What a bucket encrypts with when an upload does not say.
    BucketDefault {
        /// The bucket.
        bucket: &'a [u8],
    },
    /// An object that can be appended to.
    Object {
        /// The object's bucket.
        bucket: &'a [u8],
        /// The object's name.
        key: &'a [u8],
    },
}

/// See the module.
pub struct State {
    secret: Secret,
    uploads: Table,
    defaults: Table,
    declared: Declared,
    order: Order,
    limits: Limits,
    journal: Option<Journal>,
}

impl State {
    /// One that ends with the process.
    pub fn new(limits: &Limits, declared: &[(BucketPattern, EncryptionSet)]) -> Self {
        Self::with(Secret::random(), limits, declared)
    }

    /// One that lives on in a file. Reads all of it: blocks for a quarter of a second per million entries, or longer after
    /// a crash.
    ///
    /// # Errors
    /// If another process has the file, or the system refuses to open, create or rename it. A damaged file is no
    /// error; the second value says that it was set aside, for the log.
    pub fn open(
        limits: &Limits,
        declared: &[(BucketPattern, EncryptionSet)],
        path: &Path,
        now: Moment,
    ) -> Result<(Self, Option<SetAside>), OpenError> {
        let Opened {
            file,
            secret,
            records,
            set_aside,
        } = File::open(path, now)?;
        let journal = Journal::start(file).map_err(|error| OpenError::Io(path.to_owned(), error))?;
        let state = Self {
            journal: Some(journal),
            ..Self::with(secret, limits, declared)
        };
        for record in records {
            state.restore(record, now);
        }
        Ok((state, set_aside))
    }

    /// What is known of a thing, if anything. Counts as use of an upload or an object.
    pub fn ask(&self, stored: &Stored<'_>, now: Moment) -> Option<Told> {
        let learned = self.recall(self.secret.fingerprint(stored), now);
        let Stored::BucketDefault { bucket } = *stored else {
            return learned;
        };
        let Some(declared) = self.declared.of(bucket) else {
            return learned;
        };
        let declared = Told {
            encryption: declared,
            origin: Origin::Declared,
        };
        Some(learned.map_or(declared, |learned| learned.united(declared)))
    }

    /// Frees what has expired.
    pub fn purge(&self, now: Moment) {
        for table in [&self.uploads, &self.defaults] {
            table.expire(now, &mut |dropped| self.drop_kept(&dropped));
        }
    }

    /// How many things are remembered, some of them perhaps expired.
    pub fn entries(&self) -> usize {
        self.uploads.len() + self.defaults.len()
    }

    /// How many things had to make room for others before they expired, since the start.
    pub fn evicted(&self) -> u64 {
        self.uploads.evicted() + self.defaults.evicted()
    }

    fn with(secret: Secret, limits: &Limits, declared: &[(BucketPattern, EncryptionSet)]) -> Self {
        let defaults = limits.entries / DEFAULTS_SHARE;
        Self {
            secret,
            uploads: Table::new(limits.entries - defaults, UPLOAD_LANES),
            defaults: Table::in_order(defaults, DEFAULT_LANES),
            declared: Declared::new(declared),
            order: Order::default(),
            limits: limits.clone(),
            journal: None,
        }
    }

    /// What was learned. Use is recorded when the last record of it is old enough.
    fn recall(&self, fingerprint: Fingerprint, now: Moment) -> Option<Told> {
        let mut shard = self.table(fingerprint).lock(fingerprint);
        let known = shard.get(fingerprint, now)?;
        if !fingerprint.is_default() {
            let used = Record {
                expires: now.after(self.limits.upload_lifetime),
                ..known
            };
            if !known.covers(&used, self.limits.upload_lifetime) {
                shard.put(used, now, &mut |dropped| self.drop_kept(&dropped));
                drop(self.keep(used, Hurry::Lazy));
            }
        }
        Some(Told {
            encryption: known.encryption,
            origin: Origin::Learned(known.evidence),
        })
    }

    /// Remembers what the file kept. However the clock or the limits changed, it lives no longer than a new one.
    fn restore(&self, record: Record, now: Moment) {
        let (lifetime, lanes) = if record.fingerprint.is_default() {
            (self.limits.default_lifetime, DEFAULT_LANES)
        } else {
            (self.limits.upload_lifetime, UPLOAD_LANES)
        };
        let restored = Record {
            expires: record.expires.min(now.after(lifetime)),
            lane: record.lane % lanes,
            ..record
        };
        let mut shard = self.table(record.fingerprint).lock(record.fingerprint);
        shard.put(restored, now, &mut |dropped| self.drop_kept(&dropped));
        if restored != record {
            drop(self.keep(restored, Hurry::Lazy));
        }
    }

    const fn table(&self, fingerprint: Fingerprint) -> &Table {
        if fingerprint.is_default() {
            &self.defaults
        } else {
            &self.uploads
        }
    }

    /// Called under the shard's lock, so that the file sees changes of one entry in the order that memory did.
    fn keep(&self, record: Record, hurry: Hurry) -> Ticket {
        self.journal.as_ref().map_or_else(
            || Ticket::completed(Ok(())),
            |journal| journal.push(Change::Keep(record), hurry),
        )
    }

    /// As [`Self::keep`].
    fn drop_kept(&self, record: &Record) {
        if let Some(journal) = self.journal.as_ref().filter(|_| record.is_kept()) {
            drop(journal.push(Change::Drop(record.fingerprint), Hurry::Lazy));
        }
    }
}

/// Says how much there is, and nothing of what.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("entries", &self.entries())
            .finish_non_exhaustive()
    }
}

/// One in so many entries may be a bucket default.
const DEFAULTS_SHARE: usize = 16;
const UPLOAD_LANES: u16 = 1024;
const DEFAULT_LANES: u16 = 2;
