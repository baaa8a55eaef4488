//! Where a block of header lines ends: at its first empty line. Every line ends with CR LF, with nothing less, and holds
//! no control character but HTAB (RFC 9110 §5.5).

use crate::proxy::guard::stop;
use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use std::{
    mem,
    ops::{Deref, Range},
};

/// A whole block of lines, with its empty one: all of it was looked at by [`Lines`].
pub(super) struct Block(Bytes);

/// Looks for the end of a block of lines that arrives in pieces; no byte is looked at twice.
#[derive(Debug, Default)]
pub(super) struct Lines {
    seen: usize,
    /// Where the line begins that has not arrived.
    line: usize,
    /// A line holds what no line may.
    faulty: bool,
    /// Where the first line begins, and then where each that has arrived ends, behind its LF; no more of them than a
    /// block may have, and one.
    bounds: Vec<usize>,
}

impl Lines {
    /// Takes the block off the front of what arrived, once its empty line is there.
    pub(super) fn take(&mut self, input: &mut BytesMut) -> Result<Option<Block>, &'static str> {
        let end = self.end(input)?;
        Ok(end.map(|end| Block(input.split_to(end).freeze())))
    }

    /// The length of the block with its empty line, once that is there. `block` is all that arrived so far.
    fn end(&mut self, block: &[u8]) -> Result<Option<usize>, &'static str> {
        if self.bounds.is_empty() {
            self.bounds.push(0);
        }
        let mut rest = block.get(self.seen..).unwrap_or_default();
        while let Some(at) = stop(rest) {
            rest = match rest.get(at..).unwrap_or_default() {
                [b'\r', b'\n', after @ ..] => after,
                [b'\r'] => {
                    // Its LF may be yet to come.
                    self.seen = within_limit(block.len())?.saturating_sub(1);
                    return Ok(None);
                }
                [b'\n', ..] => return Err("a line that does not end with CR LF"),
                [_, after @ ..] => {
                    self.faulty = true;
                    rest = after;
                    continue;
                }
                [] => break,
            };
            let begin = mem::replace(&mut self.line, block.len() - rest.len());
            if self.line == begin + LINE_END {
                self.seen = self.line;
                return self.whole().map(Some);
            }
            if self.len() <= MAX_LINES {
                self.bounds.push(self.line);
            }
        }
        self.seen = within_limit(block.len())?;
        Ok(None)
    }

    /// The length of a block that has ended, if it may be one.
    fn whole(&self) -> Result<usize, &'static str> {
        if self.faulty {
            Err("a control character in a line")
        } else if self.len() > MAX_LINES {
            Err("more header fields than 256")
        } else {
            within_limit(self.seen)
        }
    }

    /// The lines of a block whose end was found, without their ends and without the empty one.
    pub(super) fn of<'a>(&self, block: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        Self::between(&self.bounds, block)
    }

    /// The same without the first line, which is no field.
    pub(super) fn fields<'a>(&self, block: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        Self::between(self.bounds.get(1..).unwrap_or_default(), block)
    }

    /// Where a line stands in its block, with its end; the first one is no field.
    pub(super) fn place(&self, line: usize) -> Option<Range<usize>> {
        Some(*self.bounds.get(line)?..*self.bounds.get(line.checked_add(1)?)?)
    }

    /// Where all fields stand.
    pub(super) fn place_of_fields(&self) -> Range<usize> {
        let begin = self.bounds.get(1).copied().unwrap_or_default();
        begin..self.bounds.last().copied().unwrap_or(begin)
    }

    /// How many lines there are, without the empty one.
    pub(super) fn len(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// Begins anew, with the next block.
    pub(super) fn clear(&mut self) {
        self.seen = 0;
        self.line = 0;
        self.faulty = false;
        self.bounds.clear();
    }

    fn between<'a>(bounds: &[usize], block: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        bounds.windows(2).filter_map(|bounds| match bounds {
            [start, end] => block.get(*start..end.checked_sub(LINE_END)?),
            _ => None,
        })
    }
}

impl Block {
    /// A part of the block, which shares its bytes.
    pub(super) fn part(&self, text: &[u8]) -> Bytes {
        self.0.slice_ref(text)
    }

    /// A part of one of the lines as a value.
    pub(super) fn value(&self, text: &[u8]) -> Result<HeaderValue, &'static str> {
        HeaderValue::from_maybe_shared(self.part(text)).map_err(|_| "a control character in a line")
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

fn within_limit(length: usize) -> Result<usize, &'static str> {
    if length > LIMIT {
        Err("more header bytes than 64 KiB")
    } else {
        Ok(length)
    }
}

/// CR LF.
const LINE_END: usize = 2;
/// How long a block may be.
const LIMIT: usize = 64 * 1024;
/// How many fields it may have.
pub(super) const MAX_FIELDS: usize = 256;
/// The same, with the line before them.
const MAX_LINES: usize = MAX_FIELDS + 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_however_the_block_arrives() {
        let block = b"a: b\r\n\r\nrest\r\n\r\n";
        for first in 0..=block.len() {
            let mut lines = Lines::default();
            let found = match lines.end(&block[..first]).unwrap() {
                Some(end) => end,
                None => lines.end(block).unwrap().unwrap(),
            };
            assert_eq!(found, 8);
            assert_eq!(lines.of(block).collect::<Vec<_>>(), [b"a: b"]);
        }
    }

    #[test]
    fn the_lines_of_a_block_are_all_that_stands_before_the_empty_one() {
        for (block, expected) in [
            ("\r\n", &[][..]),
            ("a\r\n\r\n", &["a"]),
            ("a\r\n b\r\n\tc\r\n\r\nd\r\n", &["a", " b", "\tc"]),
            ("a\tb\u{80}\r\n\r\n", &["a\tb\u{80}"]),
        ] {
            let mut lines = Lines::default();
            assert!(lines.end(block.as_bytes()).unwrap().is_some());
            let found: Vec<_> = lines.of(block.as_bytes()).collect();
            assert_eq!(
                found,
                expected.iter().map(|line| line.as_bytes()).collect::<Vec<_>>()
            );
            let fields: Vec<_> = lines.fields(block.as_bytes()).collect();
            assert_eq!(fields, found.get(1..).unwrap_or_default());
            lines.clear();
            assert_eq!(lines.of(block.as_bytes()).count(), 0);
        }
    }

    #[test]
    fn more_lines_than_a_head_may_have_are_an_error_and_are_not_kept() {
        for (count, is_head) in [(MAX_LINES, true), (MAX_LINES + 1, false), (20_000, false)] {
            let mut lines = Lines::default();
            let open = "a\r\n".repeat(count);
            assert_eq!(lines.end(open.as_bytes()), Ok(None));
            assert_eq!(lines.end((open + "\r\n").as_bytes()).is_ok(), is_head, "{count}");
            assert!(lines.len() <= MAX_LINES + 1);
        }
    }

    #[test]
    fn a_line_that_ends_with_less_than_cr_lf_is_an_error() {
        for block in [
            &b"a\n"[..],
            b"\n",
            b"a: b\r\n\n",
            b"a: b\n\r\n",
            b"\ra\r\n\r\n",
            b"a\r\r\n\r\n",
        ] {
            assert!(Lines::default().end(block).is_err(), "{block:?}");
        }
    }

    #[test]
    fn a_control_character_is_an_error_wherever_it_stands_and_no_other_byte_is_one() {
        for length in 1..24 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    for around in [b'a', b'\t', 0xff, 0x80, b' '] {
                        let mut bytes = vec![around; length];
                        bytes[at] = byte;
                        let is_stop = (byte < 0x20 && byte != b'\t') || byte == 0x7f;
                        assert_eq!(stop(&bytes), is_stop.then_some(at), "{byte} at {at} of {length}");
                        let block = [&bytes[..], b"\r\n\r\n"].concat();
                        let end = Lines::default().end(&block);
                        assert_eq!(end.is_err(), is_stop, "{byte} at {at} of {length}: {end:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_block_is_an_error_once_it_is_too_long_with_its_end_or_without() {
        let block = |length| format!("{}\r\n\r\n", "a".repeat(length - 4));
        assert_eq!(Lines::default().end(block(LIMIT).as_bytes()), Ok(Some(LIMIT)));
        assert!(Lines::default().end(block(LIMIT + 1).as_bytes()).is_err());
        assert_eq!(Lines::default().end(&vec![b'a'; LIMIT]), Ok(None));
        assert!(Lines::default().end(&vec![b'a'; LIMIT + 1]).is_err());
    }
}
