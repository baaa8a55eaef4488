//! A request's head as upstream gets it: as it came, in one pass, without what speaks of the hop before
//! (rulings, 28 and 29). Nothing is added.

use super::error::{Kind, UpstreamError};
use crate::proxy::message::{names, write_field};
use http::{HeaderName, HeaderValue, Method, Uri, Version, request::Parts};

/// What the head says of its own sending.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) framing: Framing,
    /// The client waits for a 100 before it sends the body.
    pub(super) expects_continue: bool,
    /// The trailer fields that may follow the body.
    pub(super) trailers: Vec<HeaderName>,
    /// The answer has no body, whatever its head says.
    pub(super) is_head: bool,
    /// How the request came: in HTTP/2 the frames alone show the end of its body.
    pub(super) version: Version,
    /// Sending it twice is as good as once (RFC 9110 §9.2.2).
    pub(super) idempotent: bool,
}

/// How the end of the body is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is no body, and nothing says so.
    #[default]
    None,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

/// Writes the head to the end of `out`.
pub(super) fn write(head: &Parts, out: &mut Vec<u8>) -> Result<Plan, UpstreamError> {
    let mut plan = Plan {
        is_head: head.method == Method::HEAD,
        version: head.version,
        idempotent: head.method.is_idempotent(),
        ..Plan::default()
    };
    out.extend_from_slice(head.method.as_str().as_bytes());
    out.push(b' ');
    write_target(&head.uri, out);
    out.extend_from_slice(b" HTTP/1.1\r\n");
    for (name, value) in &head.headers {
        let name = name.as_str();
        match kind(name) {
            Field::EndToEnd => {}
            Field::HopByHop => continue,
            Field::TransferEncoding => {
                plan.frame(Framing::chunked(value))?;
                out.extend_from_slice(b"transfer-encoding: chunked\r\n");
                continue;
            }
            Field::ContentLength => plan.frame(Framing::length(value))?,
            Field::Expect => {
                plan.expects_continue =
                    head.version > Version::HTTP_10 && value.as_bytes().eq_ignore_ascii_case(b"100-continue");
            }
            Field::Trailer => plan.trailers.extend(names(value.as_bytes())),
        }
        write_field(name, value, out);
    }
    out.extend_from_slice(b"\r\n");
    Ok(plan)
}

/// The target in the form it came in (RFC 9112 §3.2).
fn write_target(uri: &Uri, out: &mut Vec<u8>) {
    if let Some(scheme) = uri.scheme_str() {
        out.extend_from_slice(scheme.as_bytes());
        out.extend_from_slice(b"://");
    }
    if let Some(authority) = uri.authority() {
        out.extend_from_slice(authority.as_str().as_bytes());
    }
    if let Some(path_and_query) = uri.path_and_query() {
        out.extend_from_slice(path_and_query.as_str().as_bytes());
    }
}

enum Field {
    EndToEnd,
    HopByHop,
    ContentLength,
    TransferEncoding,
    Expect,
    Trailer,
}

/// The length tells most names apart from these without a look at their letters.
fn kind(name: &str) -> Field {
    match name {
        "connection"
        | "keep-alive"
        | "proxy-connection"
        | "proxy-authorization"
        | "proxy-authenticate"
        | "te"
        | "upgrade"
        | "http2-settings"
        | "forwarded"
        | "x-forwarded-proto"
        | "x-forwarded-ssl"
        | "x-forwarded-scheme"
        | "x-forwarded-protocol"
        | "x-forwarded-host"
        | "x-forwarded-port"
        | "x-url-scheme"
        | "x-original-url"
        | "x-rewrite-url"
        | "cloudfront-forwarded-proto"
        | "front-end-https" => Field::HopByHop,
        "content-length" => Field::ContentLength,
        "transfer-encoding" => Field::TransferEncoding,
        "expect" => Field::Expect,
        "trailer" => Field::Trailer,
        _ => Field::EndToEnd,
    }
}

impl Plan {
    /// Whether a body follows.
    pub(super) fn has_body(&self) -> bool {
        !matches!(self.framing, Framing::None | Framing::Length(0))
    }

    /// Two statements of where the body ends are one too many, even if they agree (RFC 9112 §6.3).
    fn frame(&mut self, stated: Result<Framing, Kind>) -> Result<(), UpstreamError> {
        match (self.framing, stated) {
            (Framing::None, Ok(framing)) => self.framing = framing,
            (_, Err(kind)) => return Err(UpstreamError::new(kind)),
            (_, Ok(_)) => {
                return Err(UpstreamError::new(Kind::BadRequest(
                    "two statements of the length",
                )));
            }
        }
        Ok(())
    }
}

impl Framing {
    fn chunked(value: &HeaderValue) -> Result<Self, Kind> {
        if value.as_bytes().eq_ignore_ascii_case(b"chunked") {
            Ok(Self::Chunked)
        } else {
            Err(Kind::BadRequest("a transfer encoding other than `chunked`"))
        }
    }

    fn length(value: &HeaderValue) -> Result<Self, Kind> {
        digits(value.as_bytes())
            .map(Self::Length)
            .ok_or(Kind::BadRequest("a length that is no number"))
    }
}

/// A `Content-Length`: digits and nothing else, that a `u64` holds.
pub(super) fn digits(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |sum, digit| match digit {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn written(request: http::request::Builder) -> Result<String, Kind> {
        let (head, ()) = request.body(()).unwrap().into_parts();
        let mut out = Vec::new();
        write(&head, &mut out).map_err(|error| error.kind())?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_target_is_written_in_the_form_it_came_in() {
        for target in [
            "/",
            "/a%2Fb//c/../d?x=%20&y",
            "/?",
            "*",
            "http://host:80/a?b",
            "HTTPS://Host/a",
            "host:443",
        ] {
            let head = written(Request::get(target)).unwrap();
            let expected = format!("GET {} HTTP/1.1\r\n\r\n", target.replace("HTTPS:", "https:"));
            assert_eq!(head, expected);
        }
    }

    #[test]
    fn two_statements_of_the_length_or_one_that_is_none_are_refused() {
        for fields in [
            &[("content-length", "1"), ("content-length", "1")][..],
            &[("content-length", "1"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "gzip, chunked")],
            &[("transfer-encoding", "")],
            &[("content-length", "")],
            &[("content-length", "+1")],
            &[("content-length", "1, 1")],
            &[("content-length", "0x1")],
            &[("content-length", "18446744073709551616")],
        ] {
            let request = fields.iter().fold(Request::put("/"), |request, (name, value)| {
                request.header(*name, *value)
            });
            assert!(matches!(written(request), Err(Kind::BadRequest(_))), "{fields:?}");
        }
    }

    #[test]
    fn the_largest_length_there_is_is_a_length() {
        assert_eq!(digits(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(digits(b"0"), Some(0));
    }
}
