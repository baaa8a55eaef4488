//! In which order bucket defaults are learned: a count, for two things may happen in one millisecond.

use crate::obs::encryption::{Encryption, EncryptionSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// A place in the order of a state's lessons. What was learned since it was taken has a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark(u64);

/// Counts lessons. On cache lines of its own: every request reads what lies around it.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Order(AtomicU64);

/// When each encryption was last taught of one thing; what came from the file, before every mark.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taught([Mark; Encryption::ALL.len()]);

impl Order {
    /// The last lesson's place.
    ///
    /// Nothing hangs on when other threads see the count: a place is taken under the lock of what is taught, so that
    /// whatever is not later than a mark was learned before it, and a mark that is read too low unites too much.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.0.load(Ordering::Relaxed))
    }

    /// A lesson's place.
    pub(super) fn next(&self) -> Mark {
        Mark(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl Taught {
    /// These are taught now.
    pub(super) fn teach(&mut self, encryption: EncryptionSet, now: Mark) {
        for (one, taught) in Encryption::ALL.iter().zip(&mut self.0) {
            if encryption.contains(*one) {
                *taught = now;
            }
        }
    }

    /// Which of these were taught since.
    pub(super) fn since(&self, mark: Mark, of: EncryptionSet) -> Option<EncryptionSet> {
        Encryption::ALL
            .iter()
            .zip(self.0)
            .filter(|(one, taught)| of.contains(**one) && *taught > mark)
            .map(|(one, _)| EncryptionSet::only(*one))
            .reduce(EncryptionSet::union)
    }
}
