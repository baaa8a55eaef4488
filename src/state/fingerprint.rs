//! The 128-bit keyed fingerprint that stands for a [`Stored`] name, so that every entry has the same small size.
//!
//! SipHash-1-3 with a random key: whoever chooses names cannot choose where they land, nor make two of them meet.

use super::{State, Stored};
use crate::obs::exposed::FingerprintKey;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::{BuildHasher, Hasher, RandomState};

/// What an entry is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Fingerprint(u64, u64);

/// The secret that fingerprints are made with: one per process, or the file's own.
#[derive(Clone, Copy)]
pub(super) struct Secret(u64, u64);

impl Fingerprint {
    /// Whether it stands for a bucket's default: the lowest bit says so, in the file as well.
    pub(super) const fn is_default(self) -> bool {
        self.1 & 1 == 1
    }

    /// Bits to choose a shard by.
    pub(super) const fn shard_bits(self) -> u64 {
        self.1 >> 1
    }

    /// Bits to choose a chain by, within a shard.
    pub(super) const fn chain_bits(self) -> u64 {
        self.0
    }

    /// As kept in the file.
    pub(super) const fn to_u128(self) -> u128 {
        (self.0 as u128) << 64 | self.1 as u128
    }

    /// As kept in the file.
    #[expect(clippy::cast_possible_truncation, reason = "the halves are what is wanted")]
    pub(super) const fn from_u128(bits: u128) -> Self {
        Self((bits >> 64) as u64, bits as u64)
    }
}

impl Secret {
    /// A fresh one, from the operating system's randomness by way of the standard library's own hash keys.
    pub(super) fn random() -> Self {
        let half = || RandomState::new().build_hasher().finish();
        Self(half(), half())
    }

    /// As kept in the file.
    pub(super) const fn to_u128(self) -> u128 {
        Fingerprint(self.0, self.1).to_u128()
    }

    /// As kept in the file.
    pub(super) const fn from_u128(bits: u128) -> Self {
        let Fingerprint(high, low) = Fingerprint::from_u128(bits);
        Self(high, low)
    }

    /// The fingerprint of a name. Fields are led by their lengths, so no two names feed the same bytes.
    pub(super) fn fingerprint(self, stored: &Stored<'_>) -> Fingerprint {
        let (tag, bucket, key, upload_id) = match *stored {
            Stored::Upload {
                bucket,
                key,
                upload_id,
            } => (UPLOAD, bucket, key, upload_id),
            Stored::Object { bucket, key } => (OBJECT, bucket, key, &[][..]),
            Stored::BucketDefault { bucket } => (BUCKET_DEFAULT, bucket, &[][..], &[][..]),
        };
        let mut hasher = self.hasher();
        hasher.write(&((bucket.len() as u64) << 8 | tag).to_le_bytes());
        write_folded(&mut hasher, bucket);
        hasher.write(&(key.len() as u64).to_le_bytes());
        hasher.write(key);
        hasher.write(upload_id);
        let Fingerprint(high, low) = finish(&hasher);
        Fingerprint(high, low & !1 | u64::from(tag == BUCKET_DEFAULT))
    }

    /// The lane that a bucket's entries share, of `lanes` there are.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "less than `lanes`, which is a `u16`"
    )]
    pub(super) fn lane(self, bucket: &[u8], lanes: u16) -> u16 {
        let mut hasher = self.hasher();
        hasher.write(&[LANE]);
        write_folded(&mut hasher, bucket);
        (finish(&hasher).0 % u64::from(lanes.max(1))) as u16
    }

    /// A check over a kept entry, so that a flipped bit never changes what the gate believes.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "32 bits are enough against accidents"
    )]
    pub(super) fn check(self, fingerprint: Fingerprint, value: &[u8]) -> u32 {
        let mut hasher = self.hasher();
        hasher.write(&[CHECK]);
        hasher.write(&fingerprint.to_u128().to_le_bytes());
        hasher.write(value);
        finish(&hasher).0 as u32
    }

    fn hasher(self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0, self.1)
    }
}

impl State {
    /// What fingerprints of customer keys are made with. With a file, they are the same after a restart.
    pub fn fingerprint_key(&self) -> FingerprintKey {
        FingerprintKey::new(&self.secret.to_u128().to_be_bytes())
    }
}

fn finish(hasher: &SipHasher13) -> Fingerprint {
    let hash = hasher.finish128();
    Fingerprint(hash.h1, hash.h2)
}

/// Bucket names are lower-case, host names are read in any case: both are the same bucket.
fn write_folded(hasher: &mut SipHasher13, bucket: &[u8]) {
    for chunk in bucket.chunks(CHUNK) {
        let mut folded = [0; CHUNK];
        for (to, from) in folded.iter_mut().zip(chunk) {
            *to = from.to_ascii_lowercase();
        }
        hasher.write(folded.get(..chunk.len()).unwrap_or(chunk));
    }
}

// What the first byte hashed says of the rest.
const UPLOAD: u64 = 0;
const OBJECT: u64 = 1;
const BUCKET_DEFAULT: u64 = 2;
const LANE: u8 = 3;
const CHECK: u8 = 4;

/// A bucket's name has at most 63 bytes.
const CHUNK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn moving_a_byte_between_fields_makes_another_name() {
        let secret = Secret::random();
        let mut seen = HashSet::new();
        let all = b"abcabcabc";
        let mut names = 0;
        for first in 0..=all.len() {
            let (bucket, rest) = all.split_at(first);
            assert!(seen.insert(secret.fingerprint(&Stored::Object { bucket, key: rest })));
            names += 1;
            for second in 0..=rest.len() {
                let (key, upload_id) = rest.split_at(second);
                assert!(seen.insert(secret.fingerprint(&Stored::Upload {
                    bucket,
                    key,
                    upload_id
                })));
                names += 1;
            }
        }
        assert!(seen.insert(secret.fingerprint(&Stored::BucketDefault { bucket: all })));
        assert_eq!(seen.len(), names + 1);
    }

    #[test]
    fn the_bucket_is_read_in_any_case_and_the_rest_as_it_stands() {
        let secret = Secret::random();
        let of = |bucket: &str, key: &str| {
            secret.fingerprint(&Stored::Object {
                bucket: bucket.as_bytes(),
                key: key.as_bytes(),
            })
        };
        assert_eq!(of("LOGS", "a"), of("logs", "a"));
        assert_ne!(of("logs", "A"), of("logs", "a"));
        assert_eq!(secret.lane(b"LOGS", 1000), secret.lane(b"logs", 1000));
        let long = "B".repeat(CHUNK * 2 + 1);
        assert_eq!(of(&long, "a"), of(&long.to_lowercase(), "a"));
    }

    #[test]
    fn another_secret_gives_other_fingerprints() {
        let name = Stored::BucketDefault { bucket: b"logs" };
        assert_ne!(
            Secret::random().fingerprint(&name),
            Secret::random().fingerprint(&name)
        );
    }

    proptest! {
        #[test]
        fn what_the_file_keeps_reads_back(bits: u128) {
            prop_assert_eq!(Fingerprint::from_u128(bits).to_u128(), bits);
            prop_assert_eq!(Secret::from_u128(bits).to_u128(), bits);
        }
    }
}
