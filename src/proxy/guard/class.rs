//! Classes of bytes, and the search for the end of a line eight bytes at a time.

/// Whether a byte may stand in a token: a method or the name of a field (RFC 9110 §5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    has(byte, TOKEN)
}

/// How many bytes of a token are at the front.
pub(super) fn token(bytes: &[u8]) -> usize {
    span(bytes, TOKEN)
}

/// How many bytes are at the front that `http::Uri` takes in a path.
pub(super) fn path(bytes: &[u8]) -> usize {
    span(bytes, PATH)
}

/// How many bytes are at the front that `http::Uri` takes in a query.
pub(super) fn query(bytes: &[u8]) -> usize {
    span(bytes, QUERY)
}

/// Where the first byte is that a line cannot hold: a control byte other than HTAB, or DEL. CR and LF are two of them.
pub(super) fn stop(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let stops = stops(u64::from_le_bytes(*word));
        if stops != 0 {
            return Some(at * 8 + (stops.trailing_zeros() / 8) as usize);
        }
    }
    let tail = rest.iter().position(|byte| is_stop(*byte))?;
    Some(words.len() * 8 + tail)
}

/// Whether a byte ends a line or breaks it.
pub(super) fn is_stop(byte: u8) -> bool {
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

fn span(bytes: &[u8], class: u8) -> usize {
    bytes
        .iter()
        .position(|byte| !has(*byte, class))
        .unwrap_or(bytes.len())
}

fn has(byte: u8, class: u8) -> bool {
    CLASSES
        .get(usize::from(byte))
        .is_some_and(|classes| classes & class != 0)
}

const EACH: u64 = u64::from_le_bytes([1; 8]);

const TOKEN: u8 = 1;
const PATH: u8 = 2;
const QUERY: u8 = 4;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut rest: &mut [u8] = &mut classes;
    let mut byte = 0u8;
    while let [class, next @ ..] = rest {
        *class = class_of(byte);
        byte = byte.wrapping_add(1);
        rest = next;
    }
    classes
}

/// A backslash is no part of a URI (RFC 3986 §3.3), although `http::Uri` takes it: some read it as a slash.
const fn class_of(byte: u8) -> u8 {
    let mut class = 0;
    if byte.is_ascii_alphanumeric()
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
        )
    {
        class |= TOKEN;
    }
    if byte.is_ascii_graphic() && !matches!(byte, b'#' | b'<' | b'>' | b'\\') {
        if !matches!(byte, b'?' | b'`') {
            class |= PATH;
        }
        if byte != b'"' {
            class |= QUERY;
        }
    }
    class
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
