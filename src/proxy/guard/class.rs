//! Classes of bytes, and the search for the first byte of one, a block at a time.

use crate::obs::{
    block::{Block, Places, run},
    bytes::ByteSet,
};

/// Whether a byte may stand in a token: a method or the name of a field (RFC 9110 §5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    TOKEN.has(byte)
}

/// How many bytes of a token are at the front.
pub(super) fn token(bytes: &[u8]) -> usize {
    // Most names are made of these, with a digit at most.
    let usual = run(bytes, |block| {
        block
            .within(b'a', b'z')
            .or(block.within(b'A', b'Z'))
            .or(block.is(b'-'))
    });
    let rest = bytes.get(usual..).unwrap_or_default();
    usual + rest.iter().take_while(|byte| is_token(**byte)).count()
}

/// How many bytes are at the front that `http::Uri` takes in a path.
pub(super) fn path(bytes: &[u8]) -> usize {
    run(bytes, |block| {
        of_uri(block).without(block.is(b'?').or(block.is(b'`')))
    })
}

/// How many bytes are at the front that `http::Uri` takes in a query.
pub(super) fn query(bytes: &[u8]) -> usize {
    run(bytes, |block| of_uri(block).without(block.is(b'"')))
}

/// Where the first byte is that a line cannot hold: a control byte other than HTAB, or DEL. CR and LF are two of them.
pub(in crate::proxy) fn stop(bytes: &[u8]) -> Option<usize> {
    let plain = run(bytes, |block| block.within(b' ', b'~'));
    if is_stop(*bytes.get(plain)?) {
        Some(plain)
    } else {
        stop_behind(bytes, plain)
    }
}

/// The same from a tab on, or a byte beyond ASCII: few lines have one.
#[cold]
fn stop_behind(bytes: &[u8], plain: usize) -> Option<usize> {
    let more = run(bytes.get(plain..)?, |block| {
        block
            .within(b' ', b'~')
            .or(block.is(b'\t'))
            .or(block.within(0x80, 0xff))
    });
    Some(plain + more).filter(|place| *place < bytes.len())
}

/// Whether a byte ends a line or breaks it.
pub(super) const fn is_stop(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

/// The name of a field as the guard compares it: in lower case, `_` read as `-`, since stores do.
pub(super) fn folded(byte: u8) -> u8 {
    if byte == b'_' {
        b'-'
    } else {
        byte.to_ascii_lowercase()
    }
}

/// What may stand in a path and in a query. A backslash is no part of a URI (RFC 3986 §3.3), although `http::Uri` takes
/// it: some read it as a slash.
fn of_uri(block: Block) -> Places {
    let others = block
        .is(b'#')
        .or(block.is(b'<'))
        .or(block.is(b'>'))
        .or(block.is(b'\\'));
    block.within(b'!', b'~').without(others)
}

static TOKEN: ByteSet = ByteSet::ALPHANUMERIC.and(b"!#$%&'*+-.^_`|~");

#[cfg(test)]
mod tests {
    use super::*;
    use http::Uri;

    type Front = fn(&[u8]) -> usize;

    static PATH: ByteSet = ByteSet::over(b'!', b'~').without(b"#<>\\?`");
    static QUERY: ByteSet = ByteSet::over(b'!', b'~').without(b"#<>\\\"");

    const FRONTS: [(Front, &ByteSet); 3] = [(token, &TOKEN), (path, &PATH), (query, &QUERY)];

    #[test]
    fn a_stop_is_found_wherever_it_stands_and_nothing_else_is_one() {
        for length in 0..40 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    for around in [b'a', b'\t', 0xff, 0x80, b' '] {
                        let mut bytes = vec![around; length];
                        bytes[at] = byte;
                        let expected = (byte < 0x20 && byte != 9 || byte == 0x7f).then_some(at);
                        assert_eq!(stop(&bytes), expected, "{byte} at {at} of {length}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_of_two_stops_is_found() {
        for first in 0..16 {
            for second in first + 1..24 {
                for byte in [0, 8, 10, 13, 31, 127] {
                    let mut bytes = [b'\t'; 24];
                    bytes[first] = byte;
                    bytes[second] = b'\n';
                    assert_eq!(stop(&bytes), Some(first));
                }
            }
        }
    }

    #[test]
    fn targets_hold_what_uri_takes_without_backslash_fragment_and_raw_unicode() {
        for byte in 0..=u8::MAX {
            let own = byte == b'\\' || byte == b'#' || byte >= 0x80;
            let taken = |target: &[u8]| Uri::try_from(target).is_ok() && !own;
            assert_eq!(
                PATH.has(byte) || byte == b'?',
                taken(&[b'/', byte]),
                "{byte} in a path"
            );
            assert_eq!(QUERY.has(byte), taken(&[b'/', b'?', byte]), "{byte} in a query");
        }
    }

    #[test]
    fn a_front_ends_at_the_first_byte_that_is_in_no_table() {
        for (front, set) in FRONTS {
            for length in [1, 7, 8, 9, 17, 32, 33, 71] {
                for at in 0..length {
                    for byte in 0..=u8::MAX {
                        for around in [b'a', b'Z', b'-', b'0', b'_'] {
                            let mut bytes = vec![around; length];
                            bytes[at] = byte;
                            let expected = if set.has(byte) { length } else { at };
                            assert_eq!(front(&bytes), expected, "{byte} at {at} of {length}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_of_two_bytes_ends_a_front_whatever_the_second_is() {
        for (front, set) in FRONTS {
            for first in 0..=u8::MAX {
                for second in 0..=u8::MAX {
                    let bytes = [b'a', first, second, b'b', b'c', b'd', b'e', b'f', b'g'];
                    let expected = bytes.iter().position(|byte| !set.has(*byte));
                    assert_eq!(
                        front(&bytes),
                        expected.unwrap_or(bytes.len()),
                        "{first} and {second}"
                    );
                    let stops = bytes.iter().position(|byte| is_stop(*byte));
                    assert_eq!(stop(&bytes), stops, "{first} and {second}");
                }
            }
        }
    }

    #[test]
    fn tokens_are_what_http_takes_for_a_name() {
        for byte in 0..=u8::MAX {
            assert_eq!(
                is_token(byte),
                http::HeaderName::from_bytes(&[byte]).is_ok(),
                "{byte}"
            );
        }
    }
}
