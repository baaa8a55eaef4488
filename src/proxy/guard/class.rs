//! Classes of bytes, and the search for the first byte of one, a block at a time.

use crate::obs::bytes::ByteSet;

/// Whether a byte may stand in a token: a method or the name of a field (RFC 9110 §5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    TOKEN.has(byte)
}

/// How many bytes of a token are at the front.
pub(super) fn token(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        let others = others(u64::from_le_bytes(*word));
        if others != 0 {
            rest = rest.get(place(others)..).unwrap_or_default();
            break;
        }
        rest = after;
    }
    let more = rest.iter().take_while(|byte| is_token(**byte)).count();
    bytes.len() - rest.len() + more
}

/// How many bytes are at the front that `http::Uri` takes in a path.
pub(super) fn path(bytes: &[u8]) -> usize {
    front(bytes, is_no_path, &PATH)
}

/// How many bytes are at the front that `http::Uri` takes in a query.
pub(super) fn query(bytes: &[u8]) -> usize {
    front(bytes, is_no_query, &QUERY)
}

/// Where the first byte is that a line cannot hold: a control byte other than HTAB, or DEL. CR and LF are two of them.
pub(in crate::proxy) fn stop(bytes: &[u8]) -> Option<usize> {
    let mut rest = behind_clear::<SHORT>(bytes, is_odd);
    while let Some((word, after)) = rest.split_first_chunk() {
        let odd = odd(u64::from_le_bytes(*word));
        if odd != 0 {
            let found = bytes.len() - rest.len() + place(odd);
            let is_stop = bytes.get(found).copied().is_some_and(is_stop);
            return if is_stop {
                Some(found)
            } else {
                stop_behind(bytes, found)
            };
        }
        rest = after;
    }
    let found = rest.iter().position(|byte| is_stop(*byte))?;
    Some(bytes.len() - rest.len() + found)
}

/// The same from a tab on, or a byte beyond ASCII: few lines have one.
#[cold]
fn stop_behind(bytes: &[u8], odd: usize) -> Option<usize> {
    let mut rest = bytes.get(odd..)?;
    while let Some((word, after)) = rest.split_first_chunk() {
        let stops = stops(u64::from_le_bytes(*word));
        if stops != 0 {
            return Some(bytes.len() - rest.len() + place(stops));
        }
        rest = after;
    }
    let found = rest.iter().position(|byte| is_stop(*byte))?;
    Some(bytes.len() - rest.len() + found)
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

/// Whether a byte is in no path.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "branches would keep a block from being looked at together"
)]
const fn is_no_path(byte: u8) -> bool {
    is_no_uri(byte) | (byte == b'?') | (byte == b'`')
}

/// Whether a byte is in no query.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "branches would keep a block from being looked at together"
)]
const fn is_no_query(byte: u8) -> bool {
    is_no_uri(byte) | (byte == b'"')
}

/// Neither in a path nor in a query. A backslash is no part of a URI (RFC 3986 §3.3), although `http::Uri` takes it:
/// some read it as a slash.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "branches would keep a block from being looked at together"
)]
const fn is_no_uri(byte: u8) -> bool {
    (byte <= b' ') | (byte >= 0x7f) | (byte == b'#') | (byte == b'<') | (byte == b'>') | (byte == b'\\')
}

/// Not from SP to `~`: every stop is odd, and so are HTAB and the bytes beyond ASCII. It takes a processor less than to
/// tell the stops apart.
const fn is_odd(byte: u8) -> bool {
    // DEL becomes the least of all, and what is beyond ASCII negative too.
    byte.wrapping_add(1).cast_signed() <= b' '.cast_signed()
}

/// The high bit of the first byte of the word that is odd, and none below it.
const fn odd(word: u64) -> u64 {
    (word.wrapping_sub(EACH * b' ' as u64) | word.wrapping_add(EACH) | word) & HIGH
}

/// The high bit of the first byte of the word that is neither a letter nor a hyphen, and none below it. Most names are
/// made of these, with a digit at most.
const fn others(word: u64) -> u64 {
    // A byte beyond ASCII carries into the one above it, but is found before it.
    let lower = word | (EACH * 0x20);
    let unlike_letter = !(least(lower, b'a') ^ least(lower, b'z' + 1));
    let unlike_hyphen = least(word ^ (EACH * b'-' as u64), 1);
    ((unlike_letter & unlike_hyphen) | word) & HIGH
}

/// The high bit of each byte that is at least this one, up to the first byte beyond ASCII.
const fn least(word: u64, byte: u8) -> u64 {
    word.wrapping_add(EACH * (0x80 - byte as u64))
}

/// The byte of the lowest high bit.
const fn place(high: u64) -> usize {
    high.trailing_zeros() as usize / 8
}

/// The high bit of each byte of the word that is a stop.
const fn stops(word: u64) -> u64 {
    let control = zeros(word & (EACH * 0xe0));
    let tab = zeros(word ^ (EACH * b'\t' as u64));
    let delete = zeros(word ^ (EACH * 0x7f));
    (control & !tab) | delete
}

/// The high bit of each byte that is zero, and of no other: nothing carries from one byte to the next.
const fn zeros(word: u64) -> u64 {
    let low = EACH * 0x7f;
    !(((word & low) + low) | word | low)
}

/// How many bytes are at the front that are in a set. What is left of a block goes byte by byte, and by the table.
fn front(bytes: &[u8], is_out: impl Fn(u8) -> bool, set: &ByteSet) -> usize {
    let rest = behind_clear::<LONG>(bytes, is_out);
    let more = rest.iter().take_while(|byte| set.has(**byte)).count();
    bytes.len() - rest.len() + more
}

/// What is left without the blocks at the front that certainly have none of a class among them. The class has no
/// branches, so that a block of bytes is looked at together.
#[inline]
fn behind_clear<const BLOCK: usize>(bytes: &[u8], class: impl Fn(u8) -> bool) -> &[u8] {
    let mut rest = bytes;
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK>()
        && !block.iter().fold(false, |any, byte| any | class(*byte))
    {
        rest = after;
    }
    rest
}

/// A one in each byte.
const EACH: u64 = u64::from_le_bytes([1; 8]);
/// The high bit of each byte.
const HIGH: u64 = EACH << 7;

/// Blocks of what is searched for the end of a line, and of what is looked through to its own end.
const SHORT: usize = 16;
const LONG: usize = 32;

static TOKEN: ByteSet = ByteSet::ALPHANUMERIC.and(b"!#$%&'*+-.^_`|~");
static PATH: ByteSet = ByteSet::over(b'!', b'~').without(b"#<>\\?`");
static QUERY: ByteSet = ByteSet::over(b'!', b'~').without(b"#<>\\\"");

#[cfg(test)]
mod tests {
    use super::*;
    use http::Uri;

    type Front = fn(&[u8]) -> usize;

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
