//! Tables of names, looked up by length first: most names on the wire mean nothing, and most of these have a length
//! that none of the table's has.

use super::bytes;

/// Names with their meanings, in the order of their lengths.
#[derive(Debug)]
pub(crate) struct Names<T: 'static> {
    entries: &'static [(&'static str, T)],
    /// Where the names of each length begin.
    starts: [u8; LONGEST + 2],
    /// Which letters the names of each length end with: a bit each, that of their five low bits, whatever their case.
    ends: [u32; LONGEST + 1],
}

impl<T> Names<T> {
    /// A table. It does not compile unless its names are in the order of their lengths.
    pub(crate) const fn new(entries: &'static [(&'static str, T)]) -> Self {
        let mut starts = [0; LONGEST + 2];
        let mut ends = [0; LONGEST + 1];
        let mut length = 0;
        let mut rest = entries;
        let mut at = 0;
        while let [(name, _), tail @ ..] = rest {
            assert!(
                name.len() >= length && name.len() <= LONGEST,
                "names go from the shortest to the longest"
            );
            while length < name.len() {
                length += 1;
                set(&mut starts, length, at);
            }
            if let Some((_, [bits, ..])) = ends.split_at_mut_checked(length) {
                *bits |= end(name.as_bytes());
            }
            at += 1;
            rest = tail;
        }
        while length <= LONGEST {
            length += 1;
            set(&mut starts, length, at);
        }
        Self {
            entries,
            starts,
            ends,
        }
    }

    /// The meaning of a name.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&'static T> {
        self.find_like(name, 0, |known, _| bytes::same(known.as_bytes(), name))
    }

    /// The meaning of the first name of which something holds, among those of this name's length and so many bytes more
    /// that end like it, in whatever case.
    pub(crate) fn find_like(
        &self,
        name: &[u8],
        more: usize,
        holds: impl Fn(&'static str, &T) -> bool,
    ) -> Option<&'static T> {
        let length = name.len() + more;
        if self.ends.get(length)? & end(name) == 0 {
            return None;
        }
        self.find_of_length(length, holds)
    }

    /// The meaning of a name that is likely to be there: nothing is asked first.
    pub(crate) fn get_likely(&self, name: &[u8]) -> Option<&'static T> {
        self.find_of_length(name.len(), |known, _| bytes::same(known.as_bytes(), name))
    }

    fn find_of_length(&self, length: usize, holds: impl Fn(&'static str, &T) -> bool) -> Option<&'static T> {
        let start = usize::from(*self.starts.get(length)?);
        let end = usize::from(*self.starts.get(length + 1)?);
        let mut of_length = self.entries.get(start..end)?.iter();
        let found = of_length.find(|(known, meaning)| holds(known, meaning));
        found.map(|(_, meaning)| meaning)
    }

    /// The meaning of the name that ends with this after a prefix of [`PREFIX`] bytes.
    pub(crate) fn by_tail(&self, tail: &[u8]) -> Option<&'static T> {
        self.find_like(tail, PREFIX, |known, _| {
            let known = known.as_bytes().get(PREFIX..);
            known.is_some_and(|known| bytes::same(known, tail))
        })
    }

    /// The table.
    pub(crate) const fn entries(&self) -> &'static [(&'static str, T)] {
        self.entries
    }
}

/// The bit of the letter that a name ends with.
const fn end(name: &[u8]) -> u32 {
    match name {
        [.., last] => 1 << (*last & 31),
        [] => 0,
    }
}

const fn set(starts: &mut [u8; LONGEST + 2], at: usize, to: u8) {
    if let Some((_, [place, ..])) = starts.split_at_mut_checked(at) {
        *place = to;
    }
}

/// The length of a dialect's prefix.
const PREFIX: usize = "x-amz-".len();

/// No name is longer.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_among_those_of_its_length() {
        static NAMES: Names<u8> = Names::new(&[("b", 1), ("a", 2), ("abc", 3), ("abcde", 4)]);
        for (name, meaning) in NAMES.entries() {
            assert_eq!(NAMES.get(name.as_bytes()), Some(meaning));
        }
        for unknown in [
            "",
            "c",
            "ab",
            "abd",
            "abcdef",
            &"a".repeat(65),
            &"a".repeat(66),
            &"a".repeat(400),
        ] {
            assert_eq!(NAMES.get(unknown.as_bytes()), None, "{unknown}");
        }
    }
}
