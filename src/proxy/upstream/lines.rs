//! Where a block of header lines ends: at its first empty line. Every line ends with CR LF, and with nothing less.

use memchr::memchr_iter;

/// Looks for the end of a block of lines that arrives in pieces; no byte is looked at twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    seen: usize,
    line: usize,
}

impl Lines {
    /// The length of the block with its empty line, once that is there. `block` is all that arrived so far.
    pub(super) fn end(&mut self, block: &[u8]) -> Result<Option<usize>, &'static str> {
        let new = block.get(self.seen..).unwrap_or_default();
        for at in memchr_iter(b'\n', new) {
            let end = self.seen.saturating_add(at);
            let line = block.get(self.line..end).unwrap_or_default();
            match line.split_last() {
                Some((b'\r', [])) => return within_limit(end.saturating_add(1)).map(Some),
                Some((b'\r', _)) => self.line = end.saturating_add(1),
                _ => return Err("a line that does not end with CR LF"),
            }
        }
        self.seen = within_limit(block.len())?;
        Ok(None)
    }
}

fn within_limit(length: usize) -> Result<usize, &'static str> {
    if length > LIMIT {
        Err("more header bytes than 64 KiB")
    } else {
        Ok(length)
    }
}

/// How long a block may be.
const LIMIT: usize = 64 * 1024;

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
        }
    }

    #[test]
    fn a_line_that_ends_with_less_than_cr_lf_is_an_error() {
        for block in [&b"a\n"[..], b"\n", b"a: b\r\n\n", b"a: b\n\r\n"] {
            assert!(Lines::default().end(block).is_err());
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
