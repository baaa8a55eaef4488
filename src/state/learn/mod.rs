//! Learning and forgetting: what a lesson makes of what is known, and how long that lives. Each under one lock, so that
//! what is known does not change between the look at it and the lesson.

#[cfg(test)]
mod tests;

use super::{
    Evidence, Mark, Moment, State, Stored, Ticket, UPLOAD_LANES,
    fingerprint::Fingerprint,
    journal::Hurry,
    shard::{Record, Shard},
};
use crate::obs::encryption::{Encryption, EncryptionSet};
use std::time::Duration;

/// How a lesson stands to what is known.
#[derive(Clone, Copy, Debug)]
enum Stands {
    /// In its place.
    Alone,
    /// It narrows it.
    Within,
    /// In place of what was learned until then, beside what was learned since.
    Since(Mark),
    /// Beside it.
    Beside,
    /// Beside it, and not alone.
    BesideKnown,
}

/// What there is to learn.
#[derive(Clone, Copy, Debug)]
struct Lesson {
    encryption: EncryptionSet,
    evidence: Evidence,
    now: Moment,
}

impl State {
    /// The place that a request which is sent now has in the order of lessons: for [`Self::learn_since`].
    pub fn mark(&self) -> Mark {
        self.order.mark()
    }

    /// Learns. The ticket completes when it is durable; see the module. What was known already is not written
    /// again.
    pub fn learn(
        &self,
        stored: &Stored<'_>,
        encryption: EncryptionSet,
        evidence: Evidence,
        now: Moment,
    ) -> Ticket {
        let stands = match stored {
            Stored::Upload { .. } => Stands::Within,
            Stored::Object { .. } | Stored::BucketDefault { .. } => Stands::Alone,
        };
        self.teach(stored, Lesson::new(encryption, evidence, now), stands)
    }

    /// Learns a bucket's default from the answer to a request that was sent at this mark. What was learned since may be
    /// newer than the answer: either may hold then (rulings, 21). The order of other things is not kept: with them it
    /// unites. The ticket is as that of [`Self::learn`].
    pub fn learn_since(
        &self,
        sent: Mark,
        stored: &Stored<'_>,
        encryption: EncryptionSet,
        evidence: Evidence,
        now: Moment,
    ) -> Ticket {
        let lesson = Lesson::new(encryption, evidence, now);
        self.teach(stored, lesson, Stands::Since(sent))
    }

    /// Learns what may be besides what is known. The ticket is as that of [`Self::learn`].
    pub fn unite(
        &self,
        stored: &Stored<'_>,
        encryption: EncryptionSet,
        evidence: Evidence,
        now: Moment,
    ) -> Ticket {
        self.teach(stored, Lesson::new(encryption, evidence, now), Stands::Beside)
    }

    /// The same, if anything is known: what nobody knows stays unknown.
    pub fn unite_known(
        &self,
        stored: &Stored<'_>,
        encryption: EncryptionSet,
        evidence: Evidence,
        now: Moment,
    ) -> Ticket {
        let lesson = Lesson::new(encryption, evidence, now);
        self.teach(stored, lesson, Stands::BesideKnown)
    }

    /// Learns what a look-up of something unknown found, and gives what it may be: what was learned meanwhile stays, and
    /// either may hold.
    pub fn looked_up(&self, stored: &Stored<'_>, found: EncryptionSet, now: Moment) -> EncryptionSet {
        let fingerprint = self.secret.fingerprint(stored);
        let mut shard = self.table(fingerprint).lock(fingerprint);
        if let Some(known) = shard.get(fingerprint, now) {
            return known.encryption.union(found);
        }
        let lesson = Lesson::new(found, Evidence::LookedUp, now);
        drop(self.write(&mut shard, fingerprint, stored, None, found, lesson));
        found
    }

    /// Forgets what was learned. Declarations stay.
    pub fn forget(&self, stored: &Stored<'_>) {
        let fingerprint = self.secret.fingerprint(stored);
        self.remove(&mut self.table(fingerprint).lock(fingerprint), fingerprint);
    }

    /// Forgets what was learned of a bucket because of the answer to a request that was sent at this mark. What was
    /// learned since may be newer than the answer: then everything stays.
    pub fn forget_since(&self, sent: Mark, stored: &Stored<'_>) {
        let fingerprint = self.secret.fingerprint(stored);
        let mut shard = self.table(fingerprint).lock(fingerprint);
        if shard.taught_since(fingerprint, sent).is_none() {
            self.remove(&mut shard, fingerprint);
        }
    }

    fn remove(&self, shard: &mut Shard, fingerprint: Fingerprint) {
        if let Some(known) = shard.remove(fingerprint) {
            self.drop_kept(&known);
        }
    }

    /// Learns what a lesson makes of what is known.
    fn teach(&self, stored: &Stored<'_>, lesson: Lesson, stands: Stands) -> Ticket {
        let fingerprint = self.secret.fingerprint(stored);
        let mut shard = self.table(fingerprint).lock(fingerprint);
        let known = shard.get(fingerprint, lesson.now);
        let taught = lesson.encryption;
        let encryption = match (stands, known) {
            (Stands::BesideKnown, None) if !self.is_declared(stored) => return Ticket::completed(Ok(())),
            (_, None) | (Stands::Alone, _) => taught,
            (Stands::Within, Some(known)) => known
                .encryption
                .narrow(taught)
                .unwrap_or(known.encryption.union(taught)),
            (Stands::Since(sent), Some(_)) => shard
                .taught_since(fingerprint, sent)
                .map_or(taught, |since| since.union(taught)),
            (Stands::Beside | Stands::BesideKnown, Some(known)) => known.encryption.union(taught),
        };
        self.write(&mut shard, fingerprint, stored, known, encryption, lesson)
    }

    /// Writes down what a lesson has made of what was known, and when it was taught.
    fn write(
        &self,
        shard: &mut Shard,
        fingerprint: Fingerprint,
        stored: &Stored<'_>,
        known: Option<Record>,
        encryption: EncryptionSet,
        lesson: Lesson,
    ) -> Ticket {
        let (lane, lifetime) = self.place(stored, encryption, lesson.evidence);
        let record = Record {
            fingerprint,
            lane,
            encryption,
            evidence: lesson.evidence,
            expires: lesson.now.after(lifetime),
        };
        let covered = known.is_some_and(|known| known.covers(&record, lifetime));
        if !covered {
            shard.put(record, lesson.now, &mut |dropped| self.drop_kept(&dropped));
        }
        if fingerprint.is_default() {
            // Whoever says again what is known says it of now.
            shard.teach(fingerprint, lesson.encryption, self.order.next());
        }
        if covered {
            return Ticket::completed(Ok(()));
        }
        if record.is_kept() {
            return self.keep(record, Hurry::Now);
        }
        if let Some(known) = known {
            self.drop_kept(&known);
        }
        Ticket::completed(Ok(()))
    }

    fn is_declared(&self, stored: &Stored<'_>) -> bool {
        matches!(*stored, Stored::BucketDefault { bucket } if self.declared.of(bucket).is_some())
    }

    /// The lane and the lifetime of something learned.
    fn place(&self, stored: &Stored<'_>, encryption: EncryptionSet, evidence: Evidence) -> (u16, Duration) {
        match *stored {
            Stored::Upload { bucket, .. } | Stored::Object { bucket, .. } => (
                self.secret.lane(bucket, UPLOAD_LANES),
                self.limits.upload_lifetime,
            ),
            Stored::BucketDefault { .. } if encryption.known() == Some(Encryption::Plain) => {
                (SHORT_LIVED, self.limits.looked_up_lifetime.min(LONGEST_NONE))
            }
            Stored::BucketDefault { .. } if evidence == Evidence::LookedUp => {
                (SHORT_LIVED, self.limits.looked_up_lifetime)
            }
            Stored::BucketDefault { .. } => (LONG_LIVED, self.limits.default_lifetime),
        }
    }
}

impl Lesson {
    const fn new(encryption: EncryptionSet, evidence: Evidence, now: Moment) -> Self {
        Self {
            encryption,
            evidence,
            now,
        }
    }
}

impl Record {
    /// Whether the file has it.
    pub(super) const fn is_kept(&self) -> bool {
        !(self.fingerprint.is_default() && self.lane == SHORT_LIVED)
    }

    /// Whether `newer`, that is to live for `lifetime`, adds next to nothing to this.
    pub(super) fn covers(&self, newer: &Self, lifetime: Duration) -> bool {
        self.encryption == newer.encryption && newer.expires <= self.expires.after(lifetime / COARSENESS)
    }
}

// The two lanes of bucket defaults.
const SHORT_LIVED: u16 = 0;
const LONG_LIVED: u16 = 1;
const LONGEST_NONE: Duration = Duration::from_mins(1);

/// Use is recorded once per this part of a lifetime.
const COARSENESS: u32 = 64;
