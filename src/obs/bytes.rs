//! Sets of bytes, for grammars that are read on every request, and a byte in a short text.

use super::block::{Places, run};

/// Whether a text has this byte. To find it with `memchr` costs more to begin than it takes to look through a short one.
pub(crate) fn has(text: &[u8], byte: u8) -> bool {
    if text.len() > SHORT {
        return memchr::memchr(byte, text).is_some();
    }
    find(text, byte).is_some()
}

/// Whether two names are the same. To call for such a comparison costs more than to make it, unless they are long.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if one.len() > SHORT {
        return one == other;
    }
    ends::<32>(one, other)
        .or_else(|| ends::<16>(one, other))
        .or_else(|| ends::<8>(one, other))
        .or_else(|| ends::<4>(one, other))
        .unwrap_or_else(|| one.iter().eq(other))
}

/// Whether two texts of one length have the same first and last bytes, if there are so many: of up to twice as many,
/// these are all.
#[inline]
fn ends<const N: usize>(one: &[u8], other: &[u8]) -> Option<bool> {
    let (begin, end) = (one.first_chunk::<N>()?, one.last_chunk::<N>()?);
    Some((other.first_chunk() == Some(begin)) & (other.last_chunk() == Some(end)))
}

/// What stands before the first such byte of a text, and after it: for a byte that is to be expected soon.
pub(crate) fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at_checked(find(text, at)?)?;
    Some((before, rest.get(1..)?))
}

/// A value without the white space around it (RFC 9110 §5.6.3): mostly there is one space, before it.
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    let mut value = match value {
        [b' ', rest @ ..] => rest,
        _ => value,
    };
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The place of the first such byte of a text.
pub(crate) fn find(text: &[u8], byte: u8) -> Option<usize> {
    Some(run(text, |block| Places::ALL.without(block.is(byte)))).filter(|place| *place < text.len())
}

/// What is longer is worth a call.
const SHORT: usize = 64;

/// A set of bytes.
#[derive(Debug)]
pub(crate) struct ByteSet([u8; 256]);

impl ByteSet {
    /// The ASCII letters and digits.
    pub(crate) const ALPHANUMERIC: Self = Self::over(b'0', b'9').and_over(b'a', b'z').and_over(b'A', b'Z');

    /// The bytes from one to another.
    pub(crate) const fn over(first: u8, last: u8) -> Self {
        Self([0; 256]).and_over(first, last)
    }

    pub(crate) const fn and_over(self, first: u8, last: u8) -> Self {
        let mut byte = first;
        let mut set = self;
        loop {
            set = set.put(byte, 1);
            if byte == last {
                return set;
            }
            byte += 1;
        }
    }

    pub(crate) const fn and(self, bytes: &[u8]) -> Self {
        self.put_all(bytes, 1)
    }

    pub(crate) const fn without(self, bytes: &[u8]) -> Self {
        self.put_all(bytes, 0)
    }

    /// Whether this byte is in the set.
    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)) == Some(&1)
    }

    /// Whether all of these bytes are in the set. Most often they are, so there is no early way out; and by the block
    /// no counting either.
    pub(crate) fn has_all(&self, bytes: &[u8]) -> bool {
        let count = |all, byte: &u8| all & self.0.get(usize::from(*byte)).copied().unwrap_or(0);
        let (blocks, rest) = bytes.as_chunks::<8>();
        let blocks = blocks.iter().fold(1, |all, block| block.iter().fold(all, count));
        rest.iter().fold(blocks, count) == 1
    }

    const fn put_all(self, bytes: &[u8], there: u8) -> Self {
        let (mut set, mut rest) = (self, bytes);
        while let [byte, tail @ ..] = rest {
            set = set.put(*byte, there);
            rest = tail;
        }
        set
    }

    const fn put(mut self, byte: u8, there: u8) -> Self {
        if let Some((_, [place, ..])) = self.0.split_at_mut_checked(byte as usize) {
            *place = there;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_if_all_their_bytes_are() {
        for length in 0..140 {
            let one: Vec<u8> = (0..length).collect();
            assert!(same(&one, &one.clone()));
            assert!(!same(&one, &[&one[..], b"x"].concat()));
            for place in 0..one.len() {
                let mut other = one.clone();
                other[place] ^= 1;
                assert!(!same(&one, &other), "{length} {place}");
            }
        }
    }

    #[test]
    fn a_set_has_what_was_put_into_it() {
        static SET: ByteSet = ByteSet::over(b'a', b'c').and(b"z\xff").without(b"b");
        let members: Vec<u8> = (0..=255).filter(|byte| SET.has(*byte)).collect();
        assert_eq!(members, b"acz\xff");
        assert!(SET.has_all(b"caz") && !SET.has_all(b"cab"));
    }
}
