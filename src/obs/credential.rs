//! The grammars of what a signature is made of: access keys, credentials, names of headers, digests (obs-facts §3.1).
//! Most say what follows the part that a text begins with, so that nobody looks for its end first.

use super::block::{Block, Places, all, run, run_in_order};

/// What follows `key/date/region/s3/aws4_request`, if the text begins so.
pub(super) fn after_credential(text: &[u8]) -> Option<&[u8]> {
    let scope = after_access_key(text)?.strip_prefix(b"/")?;
    let (date, region) = scope.split_first_chunk::<8>()?;
    if !are_digits(date) {
        return None;
    }
    after_access_key(region.strip_prefix(b"/")?)?.strip_prefix(b"/s3/aws4_request")
}

/// Whether a text is a credential as it stands in a query: the slashes escaped, and nothing else. What has more to
/// decode may be one too.
#[inline(never)]
pub(super) fn is_escaped_credential(text: &[u8]) -> bool {
    let scope = after_plain_key(text).and_then(after_escaped_slash);
    let date = scope.and_then(|scope| scope.split_first_chunk::<8>());
    date.is_some_and(|(date, rest)| {
        let region = after_escaped_slash(rest).and_then(after_plain_key);
        are_digits(date) && region == Some(b"%2Fs3%2Faws4_request")
    })
}

fn after_escaped_slash(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"%2F")
}

/// What follows names of headers with `;` between them, if the text begins so.
pub(super) fn after_names(text: &[u8]) -> Option<&[u8]> {
    // The begin ends a name as a `;` does.
    let mut block_before = Places::ALL;
    let mut nameless = Places::NONE;
    let length = run_in_order(text, |block| {
        let marks = block.is(b',').or(block.is(b'=')).or(block.is(b'/'));
        let members = block.within(b'!', b'~').without(marks);
        let ends = block.is(b';').and(members.run());
        nameless = nameless.or(ends.and(ends.after(block_before)));
        block_before = ends;
        members
    });
    let (names, after) = text.split_at_checked(length)?;
    (nameless.is_empty() && !matches!(names, [] | [.., b';'])).then_some(after)
}

/// What follows an access key, or another word of that kind, if the text begins so.
pub(super) fn after_access_key(text: &[u8]) -> Option<&[u8]> {
    let length = run(text, |block| {
        let marks = block.is(b':').or(block.is(b',')).or(block.is(b'/'));
        block.within(b'!', b'~').without(marks)
    });
    text.get(length..).filter(|_| length > 0)
}

/// The same, up to the first escape.
fn after_plain_key(text: &[u8]) -> Option<&[u8]> {
    let length = run(text, plain_key);
    text.get(length..).filter(|_| length > 0)
}

fn plain_key(block: Block) -> Places {
    let marks = block.is(b':').or(block.is(b',')).or(block.is(b'/'));
    block.within(b'!', b'~').without(marks.or(block.is(b'%')))
}

/// Whether a text is an access key that is not to be decoded.
#[inline(never)]
pub(super) fn is_plain_key(text: &[u8]) -> bool {
    !text.is_empty() && all(text, plain_key)
}

/// Whether a text is one name of a header, and not to be decoded.
#[inline(never)]
pub(super) fn is_plain_name(text: &[u8]) -> bool {
    let members = |block: Block| {
        let marks = block.is(b';').or(block.is(b'='));
        plain_key(block).or(block.is(b':')).without(marks)
    };
    !text.is_empty() && all(text, members)
}

/// What follows sixty-four hexadecimal digits, if the text begins so.
pub(super) fn after_sha256(text: &[u8]) -> Option<&[u8]> {
    let (digits, after) = text.split_first_chunk::<64>()?;
    // Without a branch, so that all are looked at together.
    let all = digits.as_chunks().0.iter().fold(Places::ALL, |all, sixteen| {
        let block = Block::new(sixteen);
        let letters = block.within(b'a', b'f').or(block.within(b'A', b'F'));
        all.and(block.within(b'0', b'9').or(letters))
    });
    (all == Places::ALL).then_some(after)
}

/// Whether a value has nothing behind the part it begins with.
pub(super) fn is_whole(after: Option<&[u8]>) -> bool {
    after == Some(b"")
}

/// A `+` that was not escaped in a query may have become a blank; the key's holder loses nothing by it.
pub(super) fn is_base64(value: &[u8]) -> bool {
    let members = |block: Block| {
        let letters = block.within(b'a', b'z').or(block.within(b'A', b'Z'));
        // Some encode for URLs.
        let others = block
            .is(b'+')
            .or(block.is(b'='))
            .or(block.is(b'-'))
            .or(block.is(b'_'));
        // From the slash on to the nine.
        letters.or(block.within(b'/', b'9')).or(others)
    };
    !value.is_empty() && all(value, members)
}

/// Whether a value is `YYYYMMDDThhmmssZ`, as far as digits tell.
pub(super) fn is_timestamp(value: &[u8]) -> bool {
    value.as_array().is_some_and(|value| {
        let block = Block::new(value);
        let letters = block.is(b'T').bits() & 1 << 8 | block.is(b'Z').bits() & 1 << 15;
        letters == (1 << 8 | 1 << 15) && letters | block.within(b'0', b'9').bits() == Places::ALL.bits()
    })
}

pub(super) fn are_digits(value: &[u8]) -> bool {
    all(value, |block| block.within(b'0', b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::obs::fold::Decoded;

    /// Every byte in the place of every byte of a text.
    fn mutants(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
        (0..text.len()).flat_map(move |at| {
            (0..=u8::MAX).map(move |byte| {
                let mut mutant = text.to_vec();
                mutant[at] = byte;
                mutant
            })
        })
    }

    #[test]
    fn what_is_an_escaped_credential_is_one_once_it_is_decoded() {
        let text = b"AKIAIOSFODNN7EXAMPLE%2F20240101%2Feu-west-101%2Fs3%2Faws4_request";
        assert!(is_escaped_credential(text));
        for mutant in mutants(text).filter(|mutant| is_escaped_credential(mutant)) {
            let mut buffer = [0; 512];
            let decoded = Decoded::new(&mutant).into(&mut buffer).unwrap();
            assert!(is_whole(after_credential(decoded)), "{mutant:?}");
        }
    }

    #[test]
    fn what_is_plain_is_what_parses_with_nothing_to_decode_and_nothing_listed() {
        let (key, name) = (b"AKIAIOSFODNN7EXAMPLE", b"x-amz-content-sha256");
        assert!(is_plain_key(key) && is_plain_name(name));
        for text in mutants(key).chain(mutants(name)).chain([vec![]]) {
            let has = |byte: u8| text.contains(&byte);
            let key = is_whole(after_access_key(&text)) && !has(b'%');
            assert_eq!(is_plain_key(&text), key, "{text:?}");
            let name = is_whole(after_names(&text)) && !has(b'%') && !has(b';');
            assert_eq!(is_plain_name(&text), name, "{text:?}");
        }
    }

    #[test]
    fn a_timestamp_is_digits_around_two_letters() {
        let text = b"20240101T235959Z";
        assert!(
            is_timestamp(text) && !is_timestamp(b"20240101T235959") && !is_timestamp(b"20240101T235959Z0")
        );
        for mutant in mutants(text) {
            let at = |place: usize| mutant[place];
            let digits = (0..15)
                .filter(|place| *place != 8)
                .all(|place| at(place).is_ascii_digit());
            assert_eq!(
                is_timestamp(&mutant),
                digits && at(8) == b'T' && at(15) == b'Z',
                "{mutant:?}"
            );
        }
    }

    #[test]
    fn digits_and_base64_are_what_their_alphabets_say() {
        for mutant in mutants(&[b'7'; 35]) {
            let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
            assert_eq!(is_base64(&mutant), mutant.iter().all(base64), "{mutant:?}");
            assert_eq!(
                are_digits(&mutant),
                mutant.iter().all(u8::is_ascii_digit),
                "{mutant:?}"
            );
        }
        for mutant in mutants(&[b'7'; 64]) {
            let hex = mutant.iter().all(u8::is_ascii_hexdigit);
            assert_eq!(is_whole(after_sha256(&mutant)), hex, "{mutant:?}");
        }
        assert!(!is_base64(b"") && are_digits(b""));
    }
}
