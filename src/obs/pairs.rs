//! The query, split into its parameters by those who separate with `&`. A block of it is looked through at a time, and
//! what was found there is kept until it has been come to.

use super::block::{Block, SIZE};

/// The names and values of a query, as they came.
#[derive(Clone)]
pub(crate) struct Pairs<'q> {
    query: &'q [u8],
    /// Where the next pair begins: behind the end once there is none.
    begin: usize,
    /// The marks of a chunk that are still to come: a bit each, that of the chunk's first byte lowest.
    marks: u64,
    /// Where that chunk begins.
    chunk: usize,
}

/// The names and values of a query, as they came.
pub(crate) fn pairs(query: &str) -> Pairs<'_> {
    let query = query.as_bytes();
    Pairs {
        query,
        begin: 0,
        marks: marks(query, 0),
        chunk: 0,
    }
}

impl Pairs<'_> {
    /// The place of the next `=` or `&`, or the end of the query.
    #[inline]
    fn mark(&mut self) -> usize {
        if self.marks == 0 {
            (self.marks, self.chunk) = look_on(self.query, self.chunk);
        }
        // Where there is none, it is behind the end.
        let place = self.chunk + self.marks.trailing_zeros() as usize;
        self.marks &= self.marks.wrapping_sub(1);
        place.min(self.query.len())
    }

    fn is_equals(&self, place: usize) -> bool {
        self.query.get(place) == Some(&b'=')
    }
}

impl<'q> Iterator for Pairs<'q> {
    type Item = (&'q [u8], &'q [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let begin = self.begin;
        if begin > self.query.len() {
            return None;
        }
        let middle = self.mark();
        let mut end = middle;
        // What is behind the first `=` is of the value.
        while self.is_equals(end) {
            end = self.mark();
        }
        self.begin = end + 1;
        let name = self.query.get(begin..middle)?;
        let value = self.query.get((middle + 1).min(end)..end)?;
        Some((name, value))
    }
}

/// The marks of the next chunk that has any, and where it begins. The state goes in and out by value, so that it stays
/// in registers.
#[inline(never)]
fn look_on(query: &[u8], mut chunk: usize) -> (u64, usize) {
    let mut found = 0;
    while found == 0 && chunk < query.len() {
        chunk += CHUNK;
        found = marks(query, chunk);
    }
    (found, chunk)
}

/// Which bytes of the chunk that begins here are `=` or `&`.
#[inline]
fn marks(query: &[u8], chunk: usize) -> u64 {
    let rest = query.get(chunk..).unwrap_or_default();
    match (rest.first_chunk(), query.last_chunk()) {
        (Some(whole), _) => marks_of(whole),
        // The bytes before it are shifted out.
        (None, Some(last)) if !rest.is_empty() => marks_of(last) >> (CHUNK - rest.len()),
        (None, Some(_)) => 0,
        (None, None) => {
            let mut padded = [0; CHUNK];
            padded
                .get_mut(..rest.len())
                .into_iter()
                .for_each(|place| place.copy_from_slice(rest));
            marks_of(&padded)
        }
    }
}

#[inline]
fn marks_of(chunk: &[u8; CHUNK]) -> u64 {
    let blocks = chunk.as_chunks().0.iter().rev();
    blocks.fold(0, |marks, block| {
        let block = Block::new(block);
        marks << SIZE | u64::from(block.is(b'=').or(block.is(b'&')).bits())
    })
}

/// As many bytes as a word has bits.
const CHUNK: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same with nothing but what the standard library has.
    fn naive(query: &str) -> Vec<(&[u8], &[u8])> {
        query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect()
    }

    #[test]
    fn a_query_is_split_into_pairs() {
        for (query, expected) in [
            ("", &[("", "")][..]),
            ("a", &[("a", "")]),
            ("a=", &[("a", "")]),
            ("a=b=c&d&=e&", &[("a", "b=c"), ("d", ""), ("", "e"), ("", "")]),
        ] {
            let bytes = |(name, value): &(&'static str, &'static str)| (name.as_bytes(), value.as_bytes());
            let expected: Vec<_> = expected.iter().map(bytes).collect();
            assert_eq!(pairs(query).collect::<Vec<_>>(), expected, "{query}");
        }
    }

    #[test]
    fn marks_are_found_at_every_place() {
        for length in 0..200 {
            for mark in ["&", "="] {
                for place in 0..=length {
                    let query = ["a".repeat(place), mark.into(), "b".repeat(length - place)].concat();
                    assert_eq!(pairs(&query).collect::<Vec<_>>(), naive(&query), "{query}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_query_is_split_as_anybody_would(query in "([a-z%;é]{0,20}[=&]{1,2}){0,20}[a-z]{0,70}") {
            prop_assert_eq!(pairs(&query).collect::<Vec<_>>(), naive(&query));
        }
    }
}
