//! What the operator declares of buckets by name or by pattern.

use crate::obs::{bucket_pattern::BucketPattern, encryption::EncryptionSet};
use std::collections::HashMap;

/// Everything declared: names found by hashing, patterns tried one by one.
#[derive(Debug, Default)]
pub(super) struct Declared {
    names: HashMap<Box<[u8]>, EncryptionSet>,
    patterns: Vec<(BucketPattern, EncryptionSet)>,
}

impl Declared {
    /// Keeps what is declared. Several declarations that fit one bucket are united.
    pub(super) fn new(declared: &[(BucketPattern, EncryptionSet)]) -> Self {
        let mut all = Self::default();
        for (pattern, encryption) in declared {
            if let Some(name) = pattern.exact() {
                all.names
                    .entry(name.as_bytes().into())
                    .and_modify(|known| *known = known.union(*encryption))
                    .or_insert(*encryption);
            } else {
                all.patterns.push((pattern.clone(), *encryption));
            }
        }
        all
    }

    /// What is declared of a bucket.
    pub(super) fn of(&self, bucket: &[u8]) -> Option<EncryptionSet> {
        let named = || match self.names.get(bucket) {
            Some(known) => Some(*known),
            None if bucket.iter().any(u8::is_ascii_uppercase) => {
                self.names.get(bucket.to_ascii_lowercase().as_slice()).copied()
            }
            None => None,
        };
        let named = if self.names.is_empty() { None } else { named() };
        self.patterns
            .iter()
            .filter(|(pattern, _)| pattern.matches(bucket))
            .map(|(_, encryption)| *encryption)
            .chain(named)
            .reduce(EncryptionSet::union)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::obs::encryption::Encryption;

    #[test]
    fn whatever_fits_a_bucket_is_united() {
        let of = |text: &str, encryption| {
            (
                BucketPattern::parse(text).unwrap(),
                EncryptionSet::only(encryption),
            )
        };
        let declared = Declared::new(&[
            of("logs-*", Encryption::SseKms),
            of("logs-a", Encryption::SseObs),
            of("logs-a", Encryption::Plain),
        ]);
        let united = |all: &[Encryption]| {
            all.iter()
                .copied()
                .map(EncryptionSet::only)
                .reduce(EncryptionSet::union)
        };
        assert_eq!(declared.of(b"other"), None);
        assert_eq!(declared.of(b"LOGS-b"), united(&[Encryption::SseKms]));
        assert_eq!(
            declared.of(b"Logs-A"),
            united(&[Encryption::SseKms, Encryption::SseObs, Encryption::Plain])
        );
    }
}
