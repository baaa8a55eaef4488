//! Names in one table, each found, or known to be in none, by a single look: the table is made by the compiler so that
//! no two names have the same slot.

use super::bytes;

/// Names with their meanings.
pub(crate) struct Dictionary<T: 'static, const N: usize> {
    entries: [(&'static str, T); N],
    /// Which entry each slot has.
    slots: [u8; SLOTS],
    /// By which names are spread over the slots.
    factor: u64,
}

impl<T, const N: usize> Dictionary<T, N> {
    /// A table. It does not compile if a name stands in it twice, or two names have the same length, beginning and end.
    pub(crate) const fn new(entries: [(&'static str, T); N]) -> Self {
        assert!(N < EMPTY as usize, "an entry's number is a byte");
        let mut factor = FIRST_FACTOR;
        let mut tries = 0;
        loop {
            if let Some(slots) = spread(&entries, factor) {
                return Self {
                    entries,
                    slots,
                    factor,
                };
            }
            // Odd as it was.
            factor = factor.wrapping_mul(FIRST_FACTOR);
            tries += 1;
            assert!(tries < TRIES, "no factor keeps the names apart");
        }
    }

    /// The meaning of a name.
    #[inline]
    pub(crate) fn get(&self, name: &[u8]) -> Option<&T> {
        let entry = *self.slots.get(slot(name, self.factor))?;
        let (known, meaning) = self.entries.get(usize::from(entry))?;
        bytes::same(known.as_bytes(), name).then_some(meaning)
    }

    /// The table.
    #[cfg(test)]
    pub(crate) const fn entries(&self) -> &[(&'static str, T)] {
        &self.entries
    }
}

/// Writes an entry into the first of these places, and returns the rest: how a table is made of several.
pub(super) const fn put<'p, T: Copy>(
    places: &'p mut [(&'static str, T)],
    name: &'static str,
    meaning: T,
) -> &'p mut [(&'static str, T)] {
    assert!(!places.is_empty(), "there is a place for each entry");
    match places {
        [place, rest @ ..] => {
            *place = (name, meaning);
            rest
        }
        [] => places,
    }
}

/// The slots of all names, if no two have the same.
const fn spread<T>(entries: &[(&'static str, T)], factor: u64) -> Option<[u8; SLOTS]> {
    let mut slots = [EMPTY; SLOTS];
    let mut rest = entries;
    let mut entry = 0;
    while let [(name, _), tail @ ..] = rest {
        match slots.split_at_mut_checked(slot(name.as_bytes(), factor)) {
            Some((_, [place, ..])) if *place == EMPTY => *place = entry,
            _ => return None,
        }
        entry += 1;
        rest = tail;
    }
    Some(slots)
}

/// Where a name may be, by its length and by what it begins and ends with: names of encryption differ there.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "there are fewer slots than that")]
const fn slot(name: &[u8], factor: u64) -> usize {
    let (first, last) = match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => (u32::from_le_bytes(*first), u32::from_le_bytes(*last)),
        _ => match name {
            [first, .., last] => (*first as u32, *last as u32),
            _ => (0, 0),
        },
    };
    let ends = first as u64 | (last as u64) << 32;
    let mixed = (ends ^ (name.len() as u64) << 27).wrapping_mul(factor);
    (mixed >> (u64::BITS - SLOTS.ilog2())) as usize
}

/// So many that few factors have to be tried, and that most names that mean nothing find an empty one.
const SLOTS: usize = 1024;
const EMPTY: u8 = u8::MAX;
/// Some ten are enough for the tables there are.
const TRIES: u32 = 2_000;
/// That of Fibonacci hashing: 2^64 over the golden ratio.
const FIRST_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_own_meaning_and_any_other_none() {
        static NAMES: Dictionary<u8, 5> = Dictionary::new([
            ("b", 1),
            ("te", 2),
            ("abc", 3),
            ("abcd", 4),
            ("abcdefghijklmnopqrs", 5),
        ]);
        for (name, meaning) in NAMES.entries() {
            assert_eq!(NAMES.get(name.as_bytes()), Some(meaning));
            for byte in 0..name.len() {
                let mut other = name.as_bytes().to_vec();
                other[byte] ^= 1;
                assert_eq!(NAMES.get(&other), None);
            }
        }
        for unknown in [&b""[..], b"t", b"tee", b"abcdefghijklmnopqr", &[b'a'; 400]] {
            assert_eq!(NAMES.get(unknown), None);
        }
    }
}
