//! Classes of bytes, and the search for the first byte of one, a block at a time.

/// Whether a byte may stand in a token: a method or the name of a field (RFC 9110 §5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    TOKEN.get(usize::from(byte)).is_some_and(|token| *token)
}

/// How many bytes of a token are at the front.
pub(super) fn token(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| is_token(**byte)).count()
}

/// How many bytes are at the front that `http::Uri` takes in a path.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "branches would keep a block from being looked at together"
)]
pub(super) fn path(bytes: &[u8]) -> usize {
    first(bytes, |byte| is_no_uri(byte) | (byte == b'?') | (byte == b'`')).unwrap_or(bytes.len())
}

/// How many bytes are at the front that `http::Uri` takes in a query.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "branches would keep a block from being looked at together"
)]
pub(super) fn query(bytes: &[u8]) -> usize {
    first(bytes, |byte| is_no_uri(byte) | (byte == b'"')).unwrap_or(bytes.len())
}

/// Where the first byte is that a line cannot hold: a control byte other than HTAB, or DEL. CR and LF are two of them.
pub(super) fn stop(bytes: &[u8]) -> Option<usize> {
    let clear = clear(bytes, is_stop);
    let (words, rest) = bytes.get(clear..)?.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let stops = stops(u64::from_le_bytes(*word));
        if stops != 0 {
            return Some(clear + at * 8 + stops.trailing_zeros() as usize / 8);
        }
    }
    let tail = rest.iter().position(|byte| is_stop(*byte))?;
    Some(clear + words.len() * 8 + tail)
}

/// Whether a byte ends a line or breaks it.
pub(super) const fn is_stop(byte: u8) -> bool {
    (byte < b' ' && byte != b'\t') || byte == 0x7f
}

/// A value without the white space around it (RFC 9110 §5.6.3: SP and HTAB, nothing else).
pub(super) fn trim(value: &[u8]) -> &[u8] {
    let mut value = value;
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The name of a field as the guard compares it: in lower case, `_` read as `-`, since stores do.
pub(super) fn folded(byte: u8) -> u8 {
    if byte == b'_' {
        b'-'
    } else {
        byte.to_ascii_lowercase()
    }
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

fn first(bytes: &[u8], class: impl Fn(u8) -> bool + Copy) -> Option<usize> {
    let clear = clear(bytes, class);
    let found = bytes.get(clear..)?.iter().position(|byte| class(*byte))?;
    Some(clear + found)
}

/// How many bytes at the front certainly have none of a class among them. The class has no branches, so that a block of
/// bytes is looked at together.
#[inline]
fn clear(bytes: &[u8], class: impl Fn(u8) -> bool) -> usize {
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let clear = blocks
        .iter()
        .take_while(|block| !block.iter().fold(false, |any, byte| any | class(*byte)));
    clear.count() * BLOCK
}

const EACH: u64 = u64::from_le_bytes([1; 8]);

const BLOCK: usize = 16;

static TOKEN: [bool; 256] = tokens();

const fn tokens() -> [bool; 256] {
    let mut tokens = [false; 256];
    let mut rest: &mut [bool] = &mut tokens;
    let mut byte = 0u8;
    while let [token, next @ ..] = rest {
        *token = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte = byte.wrapping_add(1);
        rest = next;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Uri;

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
            let taken = |target: &[u8]| Uri::try_from(target).is_ok();
            assert_eq!(
                path(&[byte]) == 1 || byte == b'?',
                taken(&[b'/', byte]) && !own,
                "{byte} in a path"
            );
            assert_eq!(
                query(&[byte]) == 1,
                taken(&[b'/', b'?', byte]) && !own,
                "{byte} in a query"
            );
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
