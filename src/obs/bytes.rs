//! Sets of bytes, for grammars that are read on every request, and a byte in a short text.

/// Whether a text has this byte. To find it with `memchr` costs more to begin than it takes to look through a short one.
pub(crate) fn has(text: &[u8], byte: u8) -> bool {
    let there = |word: &[u8; 8]| places(*word, byte) != 0;
    match text.last_chunk() {
        _ if text.len() > SHORT => memchr::memchr(byte, text).is_some(),
        // The last word overlaps the one before it.
        Some(last) => there(last) || text.as_chunks().0.iter().any(there),
        None => text.contains(&byte),
    }
}

/// Whether two names are the same: their ends first, where names of one length differ most, and then word by word. To
/// call for such a comparison costs more than to make it.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match (one.last_chunk::<8>(), other.last_chunk()) {
        (Some(end), Some(other_end)) => {
            let words = one.as_chunks::<8>().0.iter().zip(other.as_chunks().0);
            end == other_end && words.into_iter().all(|(word, other)| word == other)
        }
        _ => match (one.first_chunk::<4>(), one.last_chunk::<4>()) {
            (Some(begin), Some(end)) => other.first_chunk() == Some(begin) && other.last_chunk() == Some(end),
            _ => one.iter().eq(other),
        },
    }
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
    first(text, |word| places(word, byte), |other| other == byte)
}

/// The place of the first byte of a text that is either of two.
pub(crate) fn find_either(text: &[u8], one: u8, other: u8) -> Option<usize> {
    first(
        text,
        |word| places(word, one) | places(word, other),
        |byte| byte == one || byte == other,
    )
}

fn first(text: &[u8], places: impl Fn([u8; 8]) -> u64, is: impl Fn(u8) -> bool) -> Option<usize> {
    let at = |places: u64| places.trailing_zeros() as usize / 8;
    let Some(last) = text.last_chunk() else {
        return text.iter().position(|byte| is(*byte));
    };
    for (n, word) in text.as_chunks().0.iter().enumerate() {
        let places = places(*word);
        if places != 0 {
            return Some(n * 8 + at(places));
        }
    }
    // It overlaps the word before it, in which the byte is not.
    match places(*last) {
        0 => None,
        places => Some(text.len() - 8 + at(places)),
    }
}

/// The bytes of a word that are this one: the high bit of the first of them is set, and none below it.
const fn places(word: [u8; 8], byte: u8) -> u64 {
    let unlike = u64::from_le_bytes(word) ^ (EACH * byte as u64);
    unlike.wrapping_sub(EACH) & !unlike & (EACH << 7)
}

/// A one in each byte.
const EACH: u64 = u64::from_le_bytes([1; 8]);
/// From here on `memchr` is faster.
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
    fn a_set_has_what_was_put_into_it() {
        static SET: ByteSet = ByteSet::over(b'a', b'c').and(b"z\xff").without(b"b");
        let members: Vec<u8> = (0..=255).filter(|byte| SET.has(*byte)).collect();
        assert_eq!(members, b"acz\xff");
        assert!(SET.has_all(b"caz") && !SET.has_all(b"cab"));
    }
}
