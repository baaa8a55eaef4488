//! Eight bytes of a text at once: which of them are members of a class, as the high bits of a word, the first byte
//! lowest. What is asked for every byte of a signature costs a fraction of what it takes byte by byte.

/// Eight bytes.
#[derive(Clone, Copy)]
pub(crate) struct Word(u64);

/// Some of the bytes of a word.
#[derive(Clone, Copy)]
pub(crate) struct Places(u64);

impl Word {
    /// Those from one ASCII character to another.
    pub(crate) const fn within(self, first: u8, last: u8) -> Places {
        let low = self.0 & !HIGH;
        let reach = low + EACH * (0x80 - first as u64);
        let keep = EACH * (0x80 + last as u64) - low;
        Places(reach & keep & !self.0 & HIGH)
    }

    /// Those that are this ASCII character.
    pub(crate) const fn is(self, byte: u8) -> Places {
        Places(!(self.unlike(byte) | self.0) & HIGH)
    }

    /// The high bits of those whose seven low bits are not this ASCII character's.
    const fn unlike(self, byte: u8) -> u64 {
        ((self.0 & !HIGH) ^ (EACH * byte as u64)) + !HIGH
    }
}

impl Places {
    /// All eight.
    pub(crate) const ALL: Self = Self(HIGH);
    /// None of them.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those of a word's that are not this ASCII character: cheaper than [`Self::without`], for ASCII characters.
    pub(crate) const fn but(self, word: Word, byte: u8) -> Self {
        Self(self.0 & word.unlike(byte))
    }

    /// Those before the first place that is none of these.
    pub(crate) const fn run(self) -> Self {
        let others = !self.0 & HIGH;
        Self(self.0 & others.wrapping_sub(1))
    }

    /// The places after these, and the first one if the word before ends with one.
    pub(crate) const fn after(self, word_before: Self) -> Self {
        Self(self.0 << 8 | word_before.0 >> 56)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are before the first that is none of these.
    const fn length(self) -> usize {
        (!self.0 & HIGH).trailing_zeros() as usize / 8
    }
}

/// How many bytes at the begin of a text are members of a class. It is asked word by word; behind the end of the text
/// stand NULs.
pub(crate) fn run(text: &[u8], mut members: impl FnMut(Word) -> Places) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let members = members(Word(u64::from_le_bytes(*word)));
        if members.0 != HIGH {
            return n * 8 + members.length();
        }
    }
    if rest.is_empty() {
        return text.len();
    }
    let tail = match text.last_chunk() {
        Some(last) => u64::from_le_bytes(*last) >> (64 - rest.len() * 8),
        None => short(text),
    };
    text.len().min(words.len() * 8 + members(Word(tail)).length())
}

/// A text of less than eight bytes, and NULs behind it.
fn short(text: &[u8]) -> u64 {
    match (text.first_chunk(), text.last_chunk()) {
        // The same bytes, where they overlap.
        (Some(first), Some(last)) => {
            let [first, last] = [first, last].map(|four| u64::from(u32::from_le_bytes(*four)));
            first | last << (text.len() * 8 - 32)
        }
        _ => text
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// A one in each byte.
const EACH: u64 = u64::from_le_bytes([1; 8]);
/// The high bit of each byte.
const HIGH: u64 = EACH << 7;

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place, between others that come nearest to being taken for it.
    fn words() -> impl Iterator<Item = ([u8; 8], usize)> {
        (0..=255).flat_map(|byte: u8| {
            (0..8).flat_map(move |place| {
                [0, byte.wrapping_sub(1), byte.wrapping_add(1), 0x7f, 0x80, 0xff].map(|other| {
                    let mut word = [other; 8];
                    word[place] = byte;
                    (word, place)
                })
            })
        })
    }

    fn has(places: Places, place: usize) -> bool {
        places.0 >> (place * 8) & 0xff == 0x80
    }

    #[test]
    fn places_are_those_of_the_bytes_asked_for() {
        for (bytes, _) in words() {
            let word = Word(u64::from_le_bytes(bytes));
            for (first, last) in [
                (b'0', b'9'),
                (b'!', b'~'),
                (0, 0x7f),
                (0x7f, 0x7f),
                (0, 0),
                (1, 2),
            ] {
                for (place, byte) in bytes.iter().enumerate() {
                    let expected = (first..=last).contains(byte);
                    assert_eq!(has(word.within(first, last), place), expected, "{bytes:?}");
                    assert_eq!(has(word.is(first), place), *byte == first, "{bytes:?}");
                    let but = word.within(0, 0x7f).but(word, first);
                    assert_eq!(has(but, place), *byte <= 0x7f && *byte != first, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn a_run_ends_at_the_first_byte_of_another_class_or_with_the_text() {
        for length in 0..40 {
            let text = vec![b'a'; length];
            assert_eq!(run(&text, |word| word.is(b'a')), length);
            assert_eq!(run(&text, |_| Places::ALL), length);
            for place in 0..length {
                for other in [0, b'b', b'`', 0x80, 0xe1] {
                    let mut text = text.clone();
                    text[place] = other;
                    assert_eq!(run(&text, |word| word.is(b'a')), place);
                }
            }
        }
    }

    #[test]
    fn places_are_joined_as_sets_are() {
        let word = Word(u64::from_le_bytes(*b"aab;;aba"));
        let (a, b) = (word.is(b'a'), word.is(b'b'));
        let places = |places| -> Vec<usize> { (0..8).filter(|place| has(places, *place)).collect() };
        assert_eq!(places(a.or(b)), [0, 1, 2, 5, 6, 7]);
        assert_eq!(places(a.or(b).run()), [0, 1, 2]);
        assert_eq!(places(a.or(b).without(b)), [0, 1, 5, 7]);
        assert_eq!(places(a.after(Places::NONE)), [1, 2, 6]);
        assert_eq!(places(a.after(a).and(a)), [0, 1]);
        assert!(a.and(b).is_empty());
    }
}
