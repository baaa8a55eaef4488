//! An object's encryption, and the set of encryptions an object may have, given what has been seen.

use std::fmt;

/// How an object, or a part of one, is encrypted at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Encryption {
    /// Not encrypted by the server.
    Plain,
    /// Encrypted with a key the customer sends along (SSE-C).
    SseC,
    /// Encrypted with a key kept by the key management service (SSE-KMS).
    SseKms,
    /// Encrypted with a key kept by OBS itself (SSE-OBS).
    SseObs,
}

impl Encryption {
    /// Every encryption.
    pub const ALL: [Self; 4] = [Self::Plain, Self::SseC, Self::SseKms, Self::SseObs];

    /// The word used in policy files, settings and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "none",
            Self::SseC => "sse-c",
            Self::SseKms => "sse-kms",
            Self::SseObs => "sse-obs",
        }
    }

    /// Reads the word that [`Self::name`] gives.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The encryptions an object may have. Never empty; learning only removes members.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EncryptionSet(u8);

impl EncryptionSet {
    /// Nothing is known.
    pub const ALL: Self = Self(0b1111);

    /// What an object can be when no customer key came with the request (rulings, 16).
    pub const WITHOUT_CUSTOMER_KEY: Self = Self::ALL.without(Encryption::SseC);

    /// Exactly one encryption.
    pub const fn only(encryption: Encryption) -> Self {
        Self(encryption.bit())
    }

    /// The members of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The members of both sets, or nothing when they contradict each other.
    pub const fn narrow(self, other: Self) -> Option<Self> {
        match self.0 & other.0 {
            0 => None,
            both => Some(Self(both)),
        }
    }

    /// The one member, if there is just one.
    pub fn known(self) -> Option<Encryption> {
        let mut members = self.iter();
        members.next().filter(|_| members.next().is_none())
    }

    /// Whether `encryption` is a member.
    pub const fn contains(self, encryption: Encryption) -> bool {
        self.0 & encryption.bit() != 0
    }

    /// The members, in the order of [`Encryption::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Encryption> {
        Encryption::ALL.into_iter().filter(move |one| self.contains(*one))
    }

    /// Every set there is: all fifteen.
    pub fn every() -> impl Iterator<Item = Self> {
        (1..=Self::ALL.0).map(Self)
    }

    /// The members as four bits, in the order of [`Encryption::ALL`] from the lowest.
    pub const fn bits(self) -> u8 {
        self.0
    }

    const fn without(self, encryption: Encryption) -> Self {
        Self(self.0 & !encryption.bit())
    }
}

impl fmt::Debug for EncryptionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The members' names, separated by `|`.
impl fmt::Display for EncryptionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, one) in self.iter().enumerate() {
            if n > 0 {
                f.write_str("|")?;
            }
            f.write_str(one.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_is_distinct_and_holds_a_member() {
        let sets: Vec<_> = EncryptionSet::every().collect();
        assert_eq!(sets.len(), 15);
        assert!(sets.iter().all(|set| set.iter().count() >= 1));
    }

    #[test]
    fn narrowing_is_intersection_and_says_when_nothing_is_left() {
        for a in EncryptionSet::every() {
            for b in EncryptionSet::every() {
                let both: Vec<_> = a.iter().filter(|one| b.contains(*one)).collect();
                let narrowed: Vec<_> = a.narrow(b).into_iter().flat_map(EncryptionSet::iter).collect();
                assert_eq!(narrowed, both);
            }
        }
    }

    #[test]
    fn a_set_is_known_when_it_has_one_member() {
        for set in EncryptionSet::every() {
            assert_eq!(set.known().is_some(), set.iter().count() == 1);
        }
    }

    #[test]
    fn names_read_back() {
        for one in Encryption::ALL {
            assert_eq!(Encryption::from_name(one.name()), Some(one));
        }
    }
}
