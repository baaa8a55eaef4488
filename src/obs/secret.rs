//! What must never be shown of a request: values of headers are marked where they stand, so that nothing that prints a
//! head prints them (rulings, 38); and a path is shown without a query that was encoded into it.

use http::{HeaderMap, HeaderName};

/// Marks the values that are keys, signatures and tokens, or give them away.
pub fn mark(headers: &mut HeaderMap) {
    for (name, value) in headers.iter_mut() {
        if is_secret(name) {
            value.set_sensitive(true);
        }
    }
}

/// The part of a path, or of a segment of one, that may be shown: a client that encodes its URL once too often sends
/// its query, signature and all, behind a `%3F`.
pub fn shown(path: &str) -> &str {
    memchr::memchr2_iter(b'%', b'?', path.as_bytes())
        .find(|at| {
            path.get(*at..)
                .and_then(|rest| rest.strip_prefix('%'))
                .is_none_or(|rest| {
                    let digits = rest.trim_start_matches("25");
                    digits.starts_with("3F") || digits.starts_with("3f")
                })
        })
        .and_then(|at| path.get(..at))
        .unwrap_or(path)
}

/// Whether a header of this name holds a secret, for whoever might read one there: `_` counts as `-`, and the vendor's
/// prefix does not count.
pub fn is_secret(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    match name.first() {
        Some(b'x') => TAILS.iter().any(|tail| ends_with(name, tail)),
        Some(b'a' | b'c' | b'p' | b's') => NAMES
            .iter()
            .any(|known| known.len() == name.len() && ends_with(name, known)),
        _ => false,
    }
}

fn ends_with(name: &[u8], tail: &str) -> bool {
    let mut name = name.iter().rev();
    tail.bytes().rev().all(|byte| {
        name.next()
            .is_some_and(|own| *own == byte || (*own == b'_' && byte == b'-'))
    })
}

const TAILS: [&str; 7] = [
    "-customer-key",
    "-customer-key-md5",
    "-security-token",
    "-auth-token",
    "-storage-token",
    "-signature",
    "-credential",
];
const NAMES: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::obs::{dialect::Dialect, sse::Parameter};
    use http::HeaderValue;

    #[track_caller]
    fn assert_marked(name: &str, secret: bool) {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_static("shown");
        headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        mark(&mut headers);
        assert_eq!(format!("{headers:?}").contains("shown"), !secret, "{name}");
        assert!(
            headers.values().all(|value| value == "shown"),
            "what is sent is untouched"
        );
    }

    #[test]
    fn keys_signatures_and_tokens_are_not_printed_with_their_head_and_all_else_is() {
        for dialect in Dialect::ALL {
            for parameter in Parameter::ALL {
                assert_marked(dialect.spelling(parameter), parameter.is_secret());
            }
        }
        for (name, secret) in [
            ("Authorization", true),
            ("Proxy-Authorization", true),
            ("Cookie", true),
            ("X-Auth-Token", true),
            ("X-Storage-Token", true),
            ("x-amz-security-token", true),
            ("x-obs-security-token", true),
            ("x_obs_server_side_encryption_customer_key", true),
            ("x-goog-server-side-encryption-customer-key", true),
            ("proxy_authorization", true),
            ("host", false),
            ("accept", false),
            ("content-length", false),
            ("x-amz-date", false),
        ] {
            assert_marked(name, secret);
        }
    }

    #[test]
    fn a_path_is_shown_up_to_a_query_that_was_encoded_into_it() {
        for (path, expected) in [
            ("/b/k", "/b/k"),
            ("/b/a%20k%2F%3C", "/b/a%20k%2F%3C"),
            ("/b/k%3FSignature=s", "/b/k"),
            ("/b/k%3fSignature=s", "/b/k"),
            ("/b/%20%253FSignature%3Ds", "/b/%20"),
            ("/b/k%25253fSignature", "/b/k"),
            ("/b/k?Signature", "/b/k"),
            ("%", "%"),
            ("/é%", "/é%"),
            ("", ""),
        ] {
            assert_eq!(shown(path), expected, "{path}");
        }
    }
}
