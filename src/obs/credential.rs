//! The grammars of what a signature is made of: access keys, credentials, names of headers, digests (obs-facts §3.1).
//! Most say what follows the part that a text begins with, so that nobody looks for its end first.

use super::{
    bytes::ByteSet,
    word::{Places, run},
};

/// What follows `key/date/region/s3/aws4_request`, if the text begins so.
pub(super) fn after_credential(text: &[u8]) -> Option<&[u8]> {
    let scope = after_access_key(text)?.strip_prefix(b"/")?;
    let (date, region) = scope.split_first_chunk::<8>()?;
    if !are_digits(date) {
        return None;
    }
    after_access_key(region.strip_prefix(b"/")?)?.strip_prefix(b"/s3/aws4_request")
}

/// What follows names of headers with `;` between them, if the text begins so.
pub(super) fn after_names(text: &[u8]) -> Option<&[u8]> {
    // The begin ends a name as a `;` does.
    let mut word_before = Places::ALL;
    let mut nameless = Places::NONE;
    let length = run(text, |word| {
        let members = word
            .within(b'!', b'~')
            .but(word, b',')
            .but(word, b'=')
            .but(word, b'/');
        let ends = word.is(b';').and(members.run());
        nameless = nameless.or(ends.and(ends.after(word_before)));
        word_before = ends;
        members
    });
    let (names, after) = text.split_at_checked(length)?;
    (nameless.is_empty() && !matches!(names, [] | [.., b';'])).then_some(after)
}

/// What follows an access key, or another word of that kind, if the text begins so.
pub(super) fn after_access_key(text: &[u8]) -> Option<&[u8]> {
    let length = run(text, |word| {
        word.within(b'!', b'~')
            .but(word, b':')
            .but(word, b',')
            .but(word, b'/')
    });
    text.get(length..).filter(|_| length > 0)
}

/// What follows sixty-four hexadecimal digits, if the text begins so.
pub(super) fn after_sha256(text: &[u8]) -> Option<&[u8]> {
    let (digits, after) = text.split_first_chunk::<64>()?;
    let within = |byte: u8, first: u8, last: u8| byte.wrapping_sub(first) <= last - first;
    // Without a branch, so that all are looked at together.
    let all = digits.iter().fold(true, |all, digit| {
        all & (within(*digit, b'0', b'9') | within(*digit | 0x20, b'a', b'f'))
    });
    all.then_some(after)
}

/// Whether a value has nothing behind the part it begins with.
pub(super) fn is_whole(after: Option<&[u8]>) -> bool {
    after == Some(b"")
}

/// A `+` that was not escaped in a query may have become a blank; the key's holder loses nothing by it.
pub(super) fn is_base64(value: &[u8]) -> bool {
    !value.is_empty() && BASE64.has_all(value)
}

pub(super) fn are_digits(value: &[u8]) -> bool {
    DIGITS.has_all(value)
}

/// Some encode for URLs.
static BASE64: ByteSet = ByteSet::ALPHANUMERIC.and(b"+/=-_");
static DIGITS: ByteSet = ByteSet::over(b'0', b'9');
