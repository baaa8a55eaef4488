//! What the operator declares of buckets by name or by pattern.

use crate::obs::encryption::EncryptionSet;
use std::{collections::HashMap, fmt};

/// A bucket's name in which each `*` stands for any number of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketPattern(Box<str>);

/// A pattern that fits no bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPattern(String);

/// Everything declared: names found by hashing, patterns tried one by one.
#[derive(Debug, Default)]
pub(super) struct Declared {
    names: HashMap<Box<[u8]>, EncryptionSet>,
    patterns: Vec<(BucketPattern, EncryptionSet)>,
}

impl BucketPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// If it holds anything but lower-case letters, digits, `-`, `.` and `*`, or nothing.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let fits = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'*')
        };
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(BadPattern(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// Whether the whole of `bucket` fits, in any case.
    pub fn matches(&self, bucket: &[u8]) -> bool {
        let pattern = self.0.as_bytes();
        let (mut at, mut read) = (0, 0);
        let mut retry = None;
        while let Some(byte) = bucket.get(read) {
            match pattern.get(at) {
                Some(b'*') => {
                    retry = Some((at, read));
                    at += 1;
                }
                Some(expected) if *expected == byte.to_ascii_lowercase() => {
                    at += 1;
                    read += 1;
                }
                _ => {
                    let Some((star, from)) = retry else { return false };
                    retry = Some((star, from + 1));
                    at = star + 1;
                    read = from + 1;
                }
            }
        }
        pattern.iter().skip(at).all(|rest| *rest == b'*')
    }
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` fits no bucket: lower-case letters, digits, `-`, `.`, and `*` for any of them are allowed",
            self.0.escape_debug()
        )
    }
}

impl std::error::Error for BadPattern {}

impl Declared {
    /// Keeps what is declared. Several declarations that fit one bucket are united.
    pub(super) fn new(declared: &[(BucketPattern, EncryptionSet)]) -> Self {
        let mut all = Self::default();
        for (pattern, encryption) in declared {
            if pattern.0.contains('*') {
                all.patterns.push((pattern.clone(), *encryption));
            } else {
                all.names
                    .entry(pattern.0.as_bytes().into())
                    .and_modify(|known| *known = known.union(*encryption))
                    .or_insert(*encryption);
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
    use proptest::prelude::*;

    fn naive(pattern: &[u8], bucket: &[u8]) -> bool {
        match (pattern.split_first(), bucket.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => {
                naive(rest, bucket) || bucket.split_first().is_some_and(|(_, left)| naive(pattern, left))
            }
            (Some((expected, rest)), Some((byte, left))) => expected == byte && naive(rest, left),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_like_a_naive_one(pattern in "[ab*]{1,8}", bucket in "[ab]{0,10}") {
            let parsed = BucketPattern::parse(&pattern).unwrap();
            prop_assert_eq!(parsed.matches(bucket.as_bytes()), naive(pattern.as_bytes(), bucket.as_bytes()));
        }
    }

    #[test]
    fn a_pattern_that_fits_no_bucket_is_refused() {
        for bad in ["", "Logs", "a/b", "a b", "ä", "a_b"] {
            assert!(BucketPattern::parse(bad).is_err(), "{bad}");
        }
    }

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
