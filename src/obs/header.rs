//! The headers outside the two dialects that a decision, or the framing of a request, rests on: a table of names.

use super::{dialect::Dialect, fold::Folded};

/// A header that classification reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    Authorization,
    Connection,
    ContentLength,
    ContentType,
    Expect,
    /// Says how the request came to a front: never true of this hop (rulings, 29).
    Forwarded,
    Host,
    Token,
    TransferEncoding,
    /// Read by nobody here, but nothing may be mistaken for it.
    Guarded,
}

impl Header {
    /// The header with this lower-case name.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        HEADERS
            .iter()
            .find(|(known, _)| known.len() == name.len() && known.as_bytes() == name)
            .map(|(_, header)| *header)
    }

    /// Whether a name in any case is one of [`Self::Forwarded`].
    pub(crate) fn is_forwarded(name: &[u8]) -> bool {
        HEADERS
            .iter()
            .any(|(known, header)| *header == Self::Forwarded && known.as_bytes().eq_ignore_ascii_case(name))
    }
}

/// Whether a header name with an underscore in it would mean something with a dash there (rulings, 11).
pub(crate) fn is_disguised(name: &str) -> bool {
    memchr::memchr(b'_', name.as_bytes()).is_some()
        && Folded::header(name).is_some_and(|folded| {
            let folded = folded.as_bytes();
            match Dialect::by_prefix(folded) {
                Some(dialect) => dialect.word(folded).is_some(),
                None => Header::of(folded).is_some(),
            }
        })
}

const HEADERS: [(&str, Header); 22] = [
    ("host", Header::Host),
    ("authorization", Header::Authorization),
    ("content-length", Header::ContentLength),
    ("content-type", Header::ContentType),
    ("connection", Header::Connection),
    ("transfer-encoding", Header::TransferEncoding),
    ("expect", Header::Expect),
    ("x-auth-token", Header::Token),
    ("forwarded", Header::Forwarded),
    ("x-forwarded-proto", Header::Forwarded),
    ("x-forwarded-ssl", Header::Forwarded),
    ("x-forwarded-scheme", Header::Forwarded),
    ("front-end-https", Header::Forwarded),
    ("date", Header::Guarded),
    ("content-md5", Header::Guarded),
    ("content-encoding", Header::Guarded),
    ("te", Header::Guarded),
    ("trailer", Header::Guarded),
    ("upgrade", Header::Guarded),
    ("http2-settings", Header::Guarded),
    ("keep-alive", Header::Guarded),
    ("proxy-connection", Header::Guarded),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once_and_found() {
        for (n, (name, header)) in HEADERS.iter().enumerate() {
            assert!(
                HEADERS.iter().skip(n + 1).all(|(other, _)| other != name),
                "{name}"
            );
            assert_eq!(Header::of(name.as_bytes()), Some(*header));
        }
    }

    #[test]
    fn an_underscore_disguises_only_names_that_mean_something() {
        for name in [
            "content_length",
            "x_obs_server_side_encryption",
            "x-amz-copy_source",
            "x_auth_token",
        ] {
            assert!(is_disguised(name), "{name}");
        }
        for name in ["content-length", "x-obs-meta-a_b", "x_request_id", "a_b"] {
            assert!(!is_disguised(name), "{name}");
        }
    }
}
