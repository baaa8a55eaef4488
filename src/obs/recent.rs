//! The fingerprints that were made last. A client sends one key with request after request, and to make its fingerprint
//! costs as much as a quarter of a refusal.
//!
//! No key is kept. What was sent is known by a hash of 128 bits with a secret, so that nobody who chooses what is sent
//! can make two of them meet; whoever reads it here learns no more of a key than its fingerprint tells.

use super::exposed::Fingerprint;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use std::{array, cell::Cell, hash::Hasher as _};

/// So many fingerprints, each in the place of its hash. The last one stays.
pub(super) struct Recent {
    secret: [u8; 16],
    places: [Cell<Option<(u128, Fingerprint)>>; PLACES],
}

impl Recent {
    /// None yet. The secret is one that nothing else is hashed with.
    pub(super) fn new(secret: [u8; 16]) -> Self {
        Self {
            secret,
            places: array::from_fn(|_| Cell::default()),
        }
    }

    /// The fingerprint of what was sent, made if it is not here.
    pub(super) fn of(&self, sent: &[u8], make: impl FnOnce() -> Fingerprint) -> Fingerprint {
        let mut hasher = SipHasher13::new_with_key(&self.secret);
        hasher.write(sent);
        let hash = hasher.finish128().as_u128();
        let [.., last] = hash.to_be_bytes();
        let Some(place) = self.places.get(usize::from(last) % PLACES) else {
            return make();
        };
        match place.get() {
            Some((of, fingerprint)) if of == hash => fingerprint,
            _ => {
                let fingerprint = make();
                place.set(Some((hash, fingerprint)));
                fingerprint
            }
        }
    }
}

/// More clients than that, each with a key of its own, seldom send them in clear at once.
const PLACES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::obs::exposed::FingerprintKey;
    use std::collections::HashSet;

    #[test]
    fn each_key_has_its_own_fingerprint_however_many_were_met_in_whatever_order() {
        let key = FingerprintKey::new(b"s");
        let sent: Vec<Vec<u8>> = (0..4 * PLACES).map(|n| format!("key {n}").into_bytes()).collect();
        let fresh: Vec<_> = sent.iter().map(|one| FingerprintKey::new(b"s").of(one)).collect();
        assert_eq!(fresh.iter().collect::<HashSet<_>>().len(), sent.len());
        for step in [1, 3, 5, 7] {
            for n in (0..3 * sent.len()).map(|n| n * step % sent.len()) {
                assert_eq!(key.of(&sent[n]), fresh[n]);
                assert_eq!(key.of(&sent[n]), fresh[n]);
            }
        }
    }

    #[test]
    fn a_fingerprint_is_made_once_as_long_as_its_place_is_its_own() {
        let recent = Recent::new([7; 16]);
        let other = FingerprintKey::new(b"s").of(b"other");
        let first = recent.of(b"key", || other);
        for _ in 0..3 {
            assert_eq!(recent.of(b"key", || unreachable!()), first);
        }
    }
}
