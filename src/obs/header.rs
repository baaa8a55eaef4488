//! The headers outside the two dialects that a decision, or the framing of a request, rests on: a table of names.

use super::{
    bytes,
    dialect::{Dialect, Word},
    dictionary::{Dictionary, put},
    fold::Folded,
    names::Names,
};

/// A header that classification reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    Authorization,
    Connection,
    ContentLength,
    ContentType,
    Expect,
    /// Says how the request came to a front, or where it was to go: never true of this hop (rulings, 29).
    Forwarded,
    Host,
    /// Asks for another method than the request line's: some stores, or what is before them, obey.
    MethodOverride,
    /// Not a token of the dialects: of Swift, whose elder name for it some stores still read.
    Token,
    TransferEncoding,
    /// Read by nobody here, but nothing may be mistaken for it.
    Guarded,
}

/// What a header's name means, one of a dialect or not: two tables in one, so that a name is looked up once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Plain(Header),
    Word(Dialect, Word),
}

impl Named {
    /// The meaning of a lower-case name.
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        NAMES.get(name).copied()
    }
}

impl Header {
    /// The header with this lower-case name.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        HEADERS.get(name).copied()
    }

    /// Whether a name in any case is one of [`Self::Forwarded`].
    pub(crate) fn is_forwarded(name: &[u8]) -> bool {
        let forwarded = HEADERS.find_like(name, 0, |known, header| {
            *header == Self::Forwarded && known.as_bytes().eq_ignore_ascii_case(name)
        });
        forwarded.is_some()
    }
}

/// Whether a header name with an underscore in it would mean something with a dash there (rulings, 11).
pub(crate) fn is_disguised(name: &[u8]) -> bool {
    bytes::has(name, b'_')
        && Folded::header(name).is_some_and(|folded| {
            let folded = folded.as_bytes();
            match Dialect::by_prefix(folded) {
                Some(dialect) => dialect.word(folded).is_some(),
                None => Header::of(folded).is_some() || Dialect::is_foreign(folded),
            }
        })
}

/// Whether `Connection` names only headers that are about the connection (rulings, 28).
pub(crate) fn is_about_connection(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').all(|token| {
        let token = token.trim_ascii();
        token.is_empty()
            || CONNECTION
                .iter()
                .any(|one| one.as_bytes().eq_ignore_ascii_case(token))
    })
}

const CONNECTION: [&str; 7] = [
    "close",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "http2-settings",
    "proxy-connection",
];

static HEADERS: Names<Header> = Names::new(&[
    ("te", Header::Guarded),
    ("host", Header::Host),
    ("date", Header::Guarded),
    ("expect", Header::Expect),
    ("trailer", Header::Guarded),
    ("upgrade", Header::Guarded),
    ("forwarded", Header::Forwarded),
    ("connection", Header::Connection),
    ("keep-alive", Header::Guarded),
    ("content-md5", Header::Guarded),
    ("content-type", Header::ContentType),
    ("x-auth-token", Header::Token),
    ("x-url-scheme", Header::Forwarded),
    ("authorization", Header::Authorization),
    ("x-http-method", Header::MethodOverride),
    ("x-rewrite-url", Header::Forwarded),
    ("content-length", Header::ContentLength),
    ("http2-settings", Header::Guarded),
    ("x-original-url", Header::Forwarded),
    ("x-storage-token", Header::Token),
    ("x-forwarded-ssl", Header::Forwarded),
    ("front-end-https", Header::Forwarded),
    ("content-encoding", Header::Guarded),
    ("proxy-connection", Header::Guarded),
    ("x-forwarded-host", Header::Forwarded),
    ("x-forwarded-port", Header::Forwarded),
    ("transfer-encoding", Header::TransferEncoding),
    ("x-forwarded-proto", Header::Forwarded),
    ("x-method-override", Header::MethodOverride),
    ("x-forwarded-scheme", Header::Forwarded),
    ("x-forwarded-protocol", Header::Forwarded),
    ("x-http-method-override", Header::MethodOverride),
    ("cloudfront-forwarded-proto", Header::Forwarded),
]);

static NAMES: Dictionary<Named, COUNT> = Dictionary::new(names());

const fn names() -> [(&'static str, Named); COUNT] {
    let mut names = [("", Named::Plain(Header::Guarded)); COUNT];
    let mut places = names.as_mut_slice();
    let mut headers = HEADERS.entries();
    while let [(name, header), rest @ ..] = headers {
        places = put(places, name, Named::Plain(*header));
        headers = rest;
    }
    places = put_words(places, Dialect::Obs);
    places = put_words(places, Dialect::Amz);
    assert!(places.is_empty(), "every place is taken");
    names
}

const fn put_words<'p>(
    mut places: &'p mut [(&'static str, Named)],
    dialect: Dialect,
) -> &'p mut [(&'static str, Named)] {
    let mut words = dialect.words();
    while let [(name, word), rest @ ..] = words {
        places = put(places, name, Named::Word(dialect, *word));
        words = rest;
    }
    places
}

const COUNT: usize = HEADERS.entries().len() + Dialect::Obs.words().len() + Dialect::Amz.words().len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once_and_found() {
        for (n, (name, header)) in HEADERS.entries().iter().enumerate() {
            assert!(
                HEADERS
                    .entries()
                    .iter()
                    .skip(n + 1)
                    .all(|(other, _)| other != name),
                "{name}"
            );
            assert_eq!(Header::of(name.as_bytes()), Some(*header));
        }
    }

    #[test]
    fn a_name_means_what_its_own_table_says() {
        let words = Dialect::ALL
            .into_iter()
            .flat_map(Dialect::words)
            .map(|(name, _)| *name);
        for name in HEADERS.entries().iter().map(|(name, _)| *name).chain(words) {
            let by_table = |name: &[u8]| match Dialect::by_prefix(name) {
                Some(dialect) => dialect.word(name).map(|word| Named::Word(dialect, word)),
                None => Header::of(name).map(Named::Plain),
            };
            assert!(Named::of(name.as_bytes()).is_some(), "{name}");
            for at in 0..name.len() {
                for byte in [name.as_bytes()[at], b'x', b'-', b'_'] {
                    let mut other = name.as_bytes().to_vec();
                    other[at] = byte;
                    assert_eq!(Named::of(&other), by_table(&other), "{other:?}");
                    other.remove(at);
                    assert_eq!(Named::of(&other), by_table(&other), "{other:?}");
                }
            }
        }
    }

    #[test]
    fn an_underscore_disguises_only_names_that_mean_something() {
        for name in [
            "content_length",
            "x_obs_server_side_encryption",
            "x-amz-copy_source",
            "x_auth_token",
            "x_storage_token",
            "x_goog_server_side_encryption",
        ] {
            assert!(is_disguised(name.as_bytes()), "{name}");
        }
        for name in ["content-length", "x-obs-meta-a_b", "x_request_id", "a_b"] {
            assert!(!is_disguised(name.as_bytes()), "{name}");
        }
    }
}
