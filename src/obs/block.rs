//! Sixteen bytes of a text at once: which of them are members of a class, as a bit each, that of the first byte lowest.
//! What is asked for every byte of a signature costs a fraction of what it takes byte by byte.

#[cfg(not(target_feature = "sse2"))]
use portable::within;
#[cfg(target_feature = "sse2")]
use sse2::within;

/// Sixteen bytes.
#[derive(Clone, Copy)]
pub(crate) struct Block(u128);

/// Some of the bytes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places(u32);

impl Block {
    /// These bytes.
    pub(crate) fn new(bytes: &[u8; SIZE]) -> Self {
        Self(u128::from_le_bytes(*bytes))
    }

    /// What a text has behind its last whole block, and NULs behind it.
    pub(crate) fn tail(text: &[u8]) -> Self {
        let length = text.len() % SIZE;
        Self(match text.last_chunk() {
            // The bytes before it are shifted out.
            Some(last) if length > 0 => u128::from_le_bytes(*last) >> ((SIZE - length) * 8),
            Some(_) => 0,
            None => short(text),
        })
    }

    /// Those from one byte to another.
    pub(crate) fn within(self, first: u8, last: u8) -> Places {
        Places(within(self.0, first, last))
    }

    /// Those that are this byte.
    pub(crate) fn is(self, byte: u8) -> Places {
        self.within(byte, byte)
    }
}

impl Places {
    /// All sixteen.
    pub(crate) const ALL: Self = Self(0xffff);
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

    /// Those before the first place that is none of these.
    pub(crate) const fn run(self) -> Self {
        Self(self.0 & !self.0.wrapping_add(1))
    }

    /// The places after these, and the first one if the block before ends with one.
    pub(crate) const fn after(self, block_before: Self) -> Self {
        Self((self.0 << 1 | block_before.0 >> (SIZE - 1)) & Self::ALL.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// A bit each, that of the first byte lowest.
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// How many there are before the first that is none of these.
    const fn length(self) -> usize {
        self.0.trailing_ones() as usize
    }
}

/// How many bytes at the begin of a text are members of a class. What is asked twice, where the last block overlaps the
/// one before, is the same both times; behind the end of a text of less than a block stand NULs.
#[inline]
pub(crate) fn run(text: &[u8], members: impl Fn(Block) -> Places) -> usize {
    let (blocks, rest) = text.as_chunks();
    if let Some(end) = end_of_run(blocks, &members) {
        return end;
    }
    match text.last_chunk() {
        _ if rest.is_empty() => text.len(),
        Some(last) => text.len() - SIZE + members(Block::new(last)).length(),
        None => members(Block(short(text))).length().min(text.len()),
    }
}

/// The same of a class that depends on the block before: it is asked block by block, with NULs behind the end.
#[inline]
pub(crate) fn run_in_order(text: &[u8], mut members: impl FnMut(Block) -> Places) -> usize {
    let (blocks, rest) = text.as_chunks();
    if let Some(end) = end_of_run(blocks, &mut members) {
        return end;
    }
    if rest.is_empty() {
        return text.len();
    }
    let last = members(Block::tail(text)).length();
    text.len() - rest.len() + last.min(rest.len())
}

/// Where the first byte is in these blocks that is no member.
#[inline]
fn end_of_run(blocks: &[[u8; SIZE]], mut members: impl FnMut(Block) -> Places) -> Option<usize> {
    for (n, block) in blocks.iter().enumerate() {
        let members = members(Block::new(block));
        if members != Places::ALL {
            return Some(n * SIZE + members.length());
        }
    }
    None
}

/// Whether all bytes of a text are members of a class. What is asked twice, where the last block overlaps the one before,
/// is the same both times.
#[inline]
pub(crate) fn all(text: &[u8], members: impl Fn(Block) -> Places) -> bool {
    let (blocks, rest) = text.as_chunks();
    let whole = |block: &[u8; SIZE]| members(Block::new(block)) == Places::ALL;
    blocks.iter().all(whole)
        && match text.last_chunk() {
            Some(last) => rest.is_empty() || whole(last),
            None => members(Block(short(text))).length() >= text.len(),
        }
}

/// A text of less than a block, and NULs behind it. What is read in two pieces is the same where they overlap.
fn short(text: &[u8]) -> u128 {
    let shift = |of: usize| (text.len() - of) * 8;
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let [first, last] = [first, last].map(|eight| u128::from(u64::from_le_bytes(*eight)));
        return first | last << shift(8);
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let [first, last] = [first, last].map(|four| u64::from(u32::from_le_bytes(*four)));
        return u128::from(first | last << shift(4));
    }
    let byte = |at: usize| text.get(at).map_or(0, |byte| u32::from(*byte) << (at * 8));
    u128::from(byte(0) | byte(1) | byte(2))
}

/// How many bytes there are in a block.
pub(crate) const SIZE: usize = 16;

/// Sixteen compared by four instructions, where there are instructions for it.
#[cfg(target_feature = "sse2")]
mod sse2 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8, _mm_sub_epi8,
    };

    #[expect(unsafe_code, reason = "a query is split with a fifth fewer instructions")]
    #[inline]
    pub(super) fn within(bytes: u128, first: u8, last: u8) -> u32 {
        // SAFETY: this is compiled for processors that have SSE2 alone, and that is all it asks for.
        unsafe { compared(bytes, first, last) }
    }

    #[target_feature(enable = "sse2")]
    #[expect(clippy::cast_possible_truncation, reason = "each half is cast")]
    fn compared(bytes: u128, first: u8, last: u8) -> u32 {
        let [low, high] = [bytes, bytes >> 64].map(|half| (half as u64).cast_signed());
        let [first, reach] = [first, last - first].map(|byte| _mm_set1_epi8(byte.cast_signed()));
        let above = _mm_sub_epi8(_mm_set_epi64x(high, low), first);
        _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(above, reach), above)).cast_unsigned()
    }
}

/// The same byte by byte.
#[cfg(any(test, not(target_feature = "sse2")))]
mod portable {
    pub(super) fn within(bytes: u128, first: u8, last: u8) -> u32 {
        let bytes = bytes.to_le_bytes().into_iter().rev();
        bytes.fold(0, |places, byte| {
            places << 1 | u32::from((first..=last).contains(&byte))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place, between others that come nearest to being taken for it.
    fn blocks() -> impl Iterator<Item = [u8; SIZE]> {
        (0..=255).flat_map(|byte: u8| {
            (0..SIZE).flat_map(move |place| {
                [0, byte.wrapping_sub(1), byte.wrapping_add(1), 0x7f, 0x80, 0xff].map(|other| {
                    let mut block = [other; SIZE];
                    block[place] = byte;
                    block
                })
            })
        })
    }

    fn has(places: u32, place: usize) -> bool {
        places >> place & 1 == 1
    }

    #[test]
    fn places_are_those_of_the_bytes_asked_for() {
        for bytes in blocks() {
            let block = Block::new(&bytes);
            for (first, last) in [
                (b'0', b'9'),
                (b'!', b'~'),
                (0, 0x7f),
                (0x7f, 0x7f),
                (0, 0),
                (1, 2),
                (0x80, 0xff),
                (0, 0xff),
            ] {
                let (within, is) = (block.within(first, last).0, block.is(first).0);
                for (place, byte) in bytes.iter().enumerate() {
                    assert_eq!(has(within, place), (first..=last).contains(byte), "{bytes:?}");
                    assert_eq!(has(is, place), *byte == first, "{bytes:?}");
                }
                assert_eq!(portable::within(block.0, first, last), within);
                assert_eq!(within >> SIZE | is >> SIZE, 0);
            }
        }
    }

    #[test]
    fn a_run_ends_at_the_first_byte_of_another_class_or_with_the_text() {
        for length in 0..70 {
            let text = vec![b'a'; length];
            assert_eq!(run(&text, |block| block.is(b'a')), length);
            assert_eq!(run_in_order(&text, |block| block.is(b'a')), length);
            assert_eq!(run(&text, |_| Places::ALL), length);
            assert_eq!(run_in_order(&text, |_| Places::ALL), length);
            assert!(all(&text, |block| block.is(b'a')));
            for place in 0..length {
                for other in [0, b'b', b'`', 0x80, 0xe1] {
                    let mut text = text.clone();
                    text[place] = other;
                    assert_eq!(run(&text, |block| block.is(b'a')), place);
                    assert_eq!(run_in_order(&text, |block| block.is(b'a')), place);
                    assert!(!all(&text, |block| block.is(b'a')));
                }
            }
        }
    }

    #[test]
    fn behind_the_end_of_a_text_stand_nuls() {
        let text: Vec<u8> = (1..70).collect();
        for length in 0..text.len() {
            let tail = length % SIZE;
            let (text, _) = text.split_at(length);
            let expected = (0..SIZE).map(|n| text.get(length - tail + n).copied().unwrap_or(0));
            let block = Block::tail(text);
            for (place, byte) in expected.enumerate() {
                assert!(has(block.is(byte).0, place), "{byte} at {place} of {length}");
            }
        }
    }

    #[test]
    fn places_are_joined_as_sets_are() {
        let block = Block::new(b"aab;;aba--------");
        let (a, b) = (block.is(b'a'), block.is(b'b'));
        let places =
            |places: Places| -> Vec<usize> { (0..SIZE).filter(|place| has(places.0, *place)).collect() };
        assert_eq!(places(a.or(b)), [0, 1, 2, 5, 6, 7]);
        assert_eq!(places(a.or(b).run()), [0, 1, 2]);
        assert_eq!(places(Places::ALL.run()).len(), SIZE);
        assert_eq!(places(a.or(b).without(b)), [0, 1, 5, 7]);
        assert_eq!(places(a.after(Places::NONE)), [1, 2, 6, 8]);
        assert_eq!(places(a.after(Places::ALL).and(a)), [0, 1]);
        assert_eq!((b.bits().trailing_zeros(), Places::NONE.bits()), (2, 0));
        assert!(a.and(b).is_empty());
    }
}
