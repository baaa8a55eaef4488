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
    /// Whether a `;` was come by.
    semicolon: bool,
}

/// The names and values of a query, as they came.
pub(crate) fn pairs(query: &str) -> Pairs<'_> {
    let query = query.as_bytes();
    Pairs {
        query,
        begin: 0,
        marks: first_marks(query),
        chunk: 0,
        semicolon: false,
    }
}

impl Pairs<'_> {
    /// Whether there was a `;`, by which some separate too, in the pairs so far.
    pub(crate) fn had_semicolon(&self) -> bool {
        self.semicolon
    }

    /// The place of the next mark.
    #[inline]
    fn mark(&mut self) -> usize {
        if self.marks == 0 {
            (self.marks, self.chunk) = look_on(self.query, self.chunk);
        }
        let place = self.chunk + self.marks.trailing_zeros() as usize;
        self.marks &= self.marks.wrapping_sub(1);
        place
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
        let mut middle = self.mark();
        let mut end = middle;
        loop {
            match self.query.get(end) {
                // What is behind the first `=` is of the value.
                Some(b'=') => end = self.mark(),
                Some(b';') => {
                    self.semicolon = true;
                    let is_in_name = end == middle;
                    end = self.mark();
                    if is_in_name {
                        middle = end;
                    }
                }
                _ => break,
            }
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
    loop {
        chunk += CHUNK;
        let Some(whole) = query.get(chunk..chunk + CHUNK).and_then(<[u8]>::as_array) else {
            return (last_marks(query), query.len() - query.len() % CHUNK);
        };
        let found = marks_of(whole);
        if found != 0 {
            return (found, chunk);
        }
    }
}

/// Which bytes of the first chunk are `=`, `&` or `;`.
#[inline]
fn first_marks(query: &[u8]) -> u64 {
    query.first_chunk().map_or_else(|| last_marks(query), marks_of)
}

/// The same of what is behind the last whole chunk. The end of the query is a mark too.
#[inline]
fn last_marks(query: &[u8]) -> u64 {
    let length = query.len() % CHUNK;
    let marks = match query.last_chunk() {
        // The bytes before it are shifted out.
        Some(last) if length > 0 => marks_of(last) >> (CHUNK - length),
        Some(_) => 0,
        None => {
            let mut padded = [0; CHUNK];
            padded
                .iter_mut()
                .zip(query)
                .for_each(|(place, byte)| *place = *byte);
            marks_of(&padded)
        }
    };
    marks | 1 << length
}

#[inline]
fn marks_of(chunk: &[u8; CHUNK]) -> u64 {
    let blocks = chunk.as_chunks().0.iter().rev();
    blocks.fold(0, |marks, block| {
        let block = Block::new(block);
        let places = block.is(b'=').or(block.is(b'&')).or(block.is(b';'));
        marks << SIZE | u64::from(places.bits())
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
            ("a;b=c;d=e&;f", &[("a;b", "c;d=e"), (";f", "")]),
        ] {
            let bytes = |(name, value): &(&'static str, &'static str)| (name.as_bytes(), value.as_bytes());
            let expected: Vec<_> = expected.iter().map(bytes).collect();
            assert_eq!(pairs(query).collect::<Vec<_>>(), expected, "{query}");
        }
    }

    #[test]
    fn marks_are_found_at_every_place() {
        for length in 0..200 {
            for mark in ["&", "=", ";"] {
                for place in 0..=length {
                    let query = ["a".repeat(place), mark.into(), "b".repeat(length - place)].concat();
                    let mut pairs = pairs(&query);
                    assert_eq!(pairs.by_ref().collect::<Vec<_>>(), naive(&query), "{query}");
                    assert_eq!(pairs.had_semicolon(), mark == ";", "{query}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_query_is_split_as_anybody_would(query in "([a-z%;é]{0,20}[=&;]{1,2}){0,20}[a-z]{0,70}") {
            let mut pairs = pairs(&query);
            prop_assert_eq!(pairs.by_ref().collect::<Vec<_>>(), naive(&query));
            prop_assert_eq!(pairs.had_semicolon(), query.contains(';'));
        }
    }
}
