//! A request head of HTTP/2, held to what the guard lets through in HTTP/1.
//!
//! The `h2` crate has read the frames by now, and refused by itself what RFC 9113 calls malformed (§8.2, §8.3): control
//! bytes in values, names that are no token in lower case, headers about the connection, pseudo-headers repeated,
//! missing or behind others. What it lets through is still to be written as HTTP/1.1 for the store, so every class of
//! bytes that the guard keeps out there is kept out here.

use super::{
    Limits, Violation, class,
    head::{decimal, is},
    request_line,
};
use http::{
    HeaderName, HeaderValue,
    header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING},
    request::Parts,
};

/// Refuses a head that could not have come over HTTP/1 past the guard.
///
/// # Errors
/// What is wrong with it.
pub(in crate::proxy) fn inspect(head: &Parts, limits: &Limits) -> Result<(), Violation> {
    if let Some(target) = head.uri.path_and_query() {
        request_line::inspect_target(target.as_str().as_bytes(), limits)?;
    }
    if head.headers.len() > limits.fields {
        return Err(Violation::TooManyFields);
    }
    let mut lengths = 0;
    let mut expectations = 0;
    for (name, value) in &head.headers {
        inspect_value(value)?;
        match name {
            &CONTENT_LENGTH => {
                lengths += 1;
                decimal(value.as_bytes()).ok_or(Violation::Length)?;
            }
            &EXPECT => {
                expectations += 1;
                if value.as_bytes() != b"100-continue" {
                    return Err(Violation::Expect);
                }
            }
            // `h2` does not let it through.
            &TRANSFER_ENCODING => return Err(Violation::Coding),
            name if is_like_framing(name) => return Err(Violation::FramingName),
            _ => {}
        }
    }
    match (lengths, expectations) {
        (2.., _) => Err(Violation::LengthRepeated),
        (_, 2..) => Err(Violation::Expect),
        _ => Ok(()),
    }
}

/// White space around a value is none of it in HTTP/1, and part of it in HTTP/2: two readers would disagree (RFC 9113
/// §8.2.1). Control bytes end or break a line; `h2` does not let them through.
fn inspect_value(value: &HeaderValue) -> Result<(), Violation> {
    match value.as_bytes() {
        [b' ' | b'\t', ..] | [.., b' ' | b'\t'] => Err(Violation::PaddedValue),
        value if class::stop(value).is_some() => Err(Violation::ControlByte),
        _ => Ok(()),
    }
}

fn is_like_framing(name: &HeaderName) -> bool {
    let name = name.as_str().as_bytes();
    name.contains(&b'_') && (is(name, b"content-length") || is(name, b"transfer-encoding"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Request, Uri};

    fn judged(target: &str, headers: &[(&str, &[u8])]) -> Result<(), Violation> {
        let (mut head, ()) = Request::put("/").body(()).unwrap().into_parts();
        head.uri = Uri::builder()
            .scheme("https")
            .authority("h")
            .path_and_query(target)
            .build()
            .unwrap();
        let header =
            |(name, value): &(&str, &[u8])| (name.parse().unwrap(), HeaderValue::from_bytes(value).unwrap());
        head.headers = headers
            .iter()
            .map(header)
            .fold(HeaderMap::new(), |mut map, (name, value)| {
                map.append::<HeaderName>(name, value);
                map
            });
        inspect(&head, &Limits::default())
    }

    #[test]
    fn a_head_that_could_have_come_over_http_1_is_in_order() {
        for target in ["/", "/b/k?a=b&c", "/b//k/../%2f", "/?", "*"] {
            assert_eq!(
                judged(target, &[("content-length", b"3"), ("expect", b"100-continue")]),
                Ok(())
            );
        }
        assert_eq!(
            judged("/", &[("x", b""), ("x", b"a b\tc"), ("x", b"\xff\x80")]),
            Ok(())
        );
    }

    #[test]
    fn a_head_that_could_not_is_refused_as_there() {
        let long = "/".to_owned() + &"a".repeat(Limits::default().target);
        for (target, expected) in [
            ("/a\\b", Violation::Target),
            ("/a?b\\", Violation::Target),
            ("/\u{e4}", Violation::Target),
            (&long, Violation::TargetTooLong),
        ] {
            assert_eq!(judged(target, &[]), Err(expected), "{target}");
        }
        for (name, value, expected) in [
            ("x", &b" a"[..], Violation::PaddedValue),
            ("x", b"a ", Violation::PaddedValue),
            ("x", b"\ta", Violation::PaddedValue),
            ("x", b"a\t", Violation::PaddedValue),
            ("x", b" ", Violation::PaddedValue),
            ("content-length", b"03", Violation::Length),
            ("content-length", b"+3", Violation::Length),
            ("content-length", b"", Violation::Length),
            ("content-length", b"3, 3", Violation::Length),
            ("content_length", b"3", Violation::FramingName),
            ("transfer_encoding", b"chunked", Violation::FramingName),
            ("transfer-encoding", b"chunked", Violation::Coding),
            ("expect", b"100-Continue", Violation::Expect),
            ("expect", b"", Violation::Expect),
        ] {
            assert_eq!(judged("/", &[(name, value)]), Err(expected), "{name}: {value:?}");
        }
        let twice = |name, value| judged("/", &[(name, value), (name, value)]);
        assert_eq!(twice("content-length", b"3"), Err(Violation::LengthRepeated));
        assert_eq!(twice("expect", b"100-continue"), Err(Violation::Expect));
        let many = vec![("x", &b"y"[..]); Limits::default().fields + 1];
        assert_eq!(judged("/", &many), Err(Violation::TooManyFields));
        assert_eq!(judged("/", many.split_last().unwrap().1), Ok(()));
    }
}
