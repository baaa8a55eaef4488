//! An answer's head: strict in what it takes, for a client and a store that disagree on where an answer ends are one
//! request apart.

use super::{decode::Decoder, request_head::digits};
use crate::obs::dialect::Dialect;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use httparse::{Header, ParserConfig, Response, Status};
use hyper::ext::ReasonPhrase;
use std::{fmt, mem::MaybeUninit};

/// An answer's head, without what speaks of this hop only.
pub(super) struct ResponseHead {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Where it is not the usual one.
    pub(super) reason: Option<ReasonPhrase>,
    /// What follows.
    pub(super) body: Decoder,
    /// Whether the connection may serve again.
    pub(super) keep_alive: bool,
}

/// What the head says of itself.
#[derive(Default)]
struct Notes<'a> {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    nominated: Vec<&'a [u8]>,
}

/// Without what was read: it may hold secrets.
impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead")
            .field("status", &self.status)
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

/// Reads a head: everything up to and with its empty line.
pub(super) fn parse(head: &Bytes, answers_head: bool) -> Result<ResponseHead, &'static str> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = Response::new(&mut []);
    let read = ParserConfig::default()
        .parse_response_with_uninit_headers(&mut parsed, head, &mut fields)
        .map_err(|error| match error {
            httparse::Error::TooManyHeaders => "more header fields than 256",
            httparse::Error::Version => "a version other than HTTP/1.0 and HTTP/1.1",
            httparse::Error::Status => "a status line that is none",
            _ => "a header field that is none",
        })?;
    let (Status::Complete(_), Some(minor), Some(code)) = (read, parsed.version, parsed.code) else {
        return Err("a head that ends too early");
    };
    if !head.starts_with(b"HTTP/1.") {
        return Err("bytes before the status line");
    }
    let status = StatusCode::from_u16(code).map_err(|_| "a status that is none")?;
    let notes = notes(parsed.headers)?;
    if notes.chunked && minor == 0 {
        return Err("a transfer encoding in HTTP/1.0");
    }
    let (body, delimited) = if answers_head || is_bodiless(status) {
        (Decoder::empty(), true)
    } else {
        match (notes.chunked, notes.length) {
            (true, Some(_)) => return Err("a length and a transfer encoding"),
            (true, None) => (Decoder::chunked(), true),
            (false, Some(length)) => (Decoder::length(length), true),
            (false, None) => (Decoder::until_close(), false),
        }
    };
    if notes.chunked && notes.length.is_some() {
        return Err("a length and a transfer encoding");
    }
    Ok(ResponseHead {
        status,
        headers: headers(head, parsed.headers, &notes.nominated)?,
        reason: reason(head, status),
        body,
        keep_alive: minor == 1 && delimited && !notes.close,
    })
}

/// The fields of a block of trailers, without those that no trailer may carry (RFC 9110 §6.5.1).
pub(super) fn parse_trailers(block: &Bytes) -> Result<HeaderMap, &'static str> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    match httparse::parse_headers(block, &mut fields) {
        Ok(Status::Complete((_, fields))) => headers(block, fields, &[b"content-length", b"host"]),
        _ => Err("a trailer that is none"),
    }
}

/// No body, whatever the head says (RFC 9112 §6.3).
fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

fn notes<'a>(fields: &[Header<'a>]) -> Result<Notes<'a>, &'static str> {
    let mut notes = Notes::default();
    for field in fields {
        if field.name.eq_ignore_ascii_case("content-length") {
            let length = digits(field.value).ok_or("a length that is no number")?;
            if notes.length.replace(length).is_some() {
                return Err("two lengths");
            }
        } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
            if notes.chunked || !field.value.eq_ignore_ascii_case(b"chunked") {
                return Err("a transfer encoding other than `chunked`");
            }
            notes.chunked = true;
        } else if field.name.eq_ignore_ascii_case("connection") {
            for token in field.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                if token.eq_ignore_ascii_case(b"close") {
                    notes.close = true;
                } else if Dialect::by_prefix(&token.to_ascii_lowercase()).is_some() {
                    // It would be gone before the decision that rests on it.
                    return Err("Connection names a header of the store's own");
                } else if !token.eq_ignore_ascii_case(b"keep-alive") && !token.is_empty() {
                    notes.nominated.push(token);
                }
            }
        }
    }
    Ok(notes)
}

/// The fields that go on to the client: in order, with their values as they came. No byte is copied: values are
/// slices of the head.
fn headers(head: &Bytes, fields: &[Header<'_>], dropped: &[&[u8]]) -> Result<HeaderMap, &'static str> {
    let mut map = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| "a header name that is none")?;
        if is_hop_by_hop(&name)
            || dropped
                .iter()
                .any(|one| one.eq_ignore_ascii_case(name.as_str().as_bytes()))
        {
            continue;
        }
        let value = HeaderValue::from_maybe_shared(head.slice_ref(field.value))
            .map_err(|_| "a header value that is none")?;
        map.append(name, value);
    }
    Ok(map)
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// The reason phrase, where it is not the one that the status has anyway.
fn reason(head: &Bytes, status: StatusCode) -> Option<ReasonPhrase> {
    let line = head.get(..memchr::memchr(b'\r', head)?)?;
    let reason = line.get(b"HTTP/1.1 200 ".len()..).unwrap_or_default();
    if status
        .canonical_reason()
        .is_some_and(|usual| usual.as_bytes() == reason)
    {
        return None;
    }
    ReasonPhrase::try_from(head.slice_ref(reason)).ok()
}

/// How many fields a head may have.
const MAX_FIELDS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(head: &str) -> Result<ResponseHead, &'static str> {
        parse(&Bytes::copy_from_slice(head.as_bytes()), false)
    }

    fn with(fields: &str) -> Result<ResponseHead, &'static str> {
        parsed(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n"))
    }

    #[test]
    fn what_shows_the_end_in_two_ways_or_in_none_that_counts_is_refused() {
        for fields in [
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding:\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 1 2\r\n",
            "Content-Length: 0x10\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
        ] {
            assert!(with(fields).is_err(), "{fields:?}");
        }
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for head in [
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            " HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.2 200 OK\r\n\r\n",
            "http/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 099 OK\r\n\r\n",
            "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname : value\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname: value\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: value\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname: a\0b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nname: a\rb\r\n\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert!(parsed(head).is_err(), "{head:?}");
        }
        let fields = |n| with(&"name: value\r\n".repeat(n));
        assert!(fields(MAX_FIELDS).is_ok());
        assert!(fields(MAX_FIELDS + 1).is_err());
    }

    #[test]
    fn hop_by_hop_fields_and_those_that_connection_names_stay_behind() {
        let head = with(
            "A: 1\r\nConnection: close, X-Hop\r\nKeep-Alive: timeout=5\r\nx-hop: 1\r\nB: 2\r\nUpgrade: h2c\r\n\
             Proxy-Authenticate: Basic\r\nA: 3\r\nTrailer: c\r\n",
        )
        .unwrap();
        let kept: Vec<_> = head
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.to_str().unwrap()))
            .collect();
        assert_eq!(kept, [("a", "1"), ("a", "3"), ("b", "2"), ("trailer", "c")]);
    }

    #[test]
    fn connection_takes_no_header_of_the_stores_own_away() {
        for name in [
            "x-amz-server-side-encryption",
            "X-OBS-Server-Side-Encryption",
            "x-amz-other",
        ] {
            let fields = format!("Content-Length: 0\r\nConnection: close, {name}\r\n{name}: aws:kms\r\n");
            assert!(with(&fields).is_err(), "{name}");
        }
    }

    #[test]
    fn a_connection_serves_again_if_both_sides_want_it_and_the_end_of_the_body_shows() {
        let head = |line: &str, fields: &str| parsed(&format!("{line}\r\n{fields}\r\n")).unwrap().keep_alive;
        assert!(head("HTTP/1.1 200 OK", "Content-Length: 1\r\n"));
        assert!(head("HTTP/1.1 200 OK", "Transfer-Encoding: Chunked\r\n"));
        assert!(head("HTTP/1.1 204 No Content", ""));
        assert!(!head("HTTP/1.1 200 OK", ""));
        assert!(!head(
            "HTTP/1.1 200 OK",
            "Content-Length: 1\r\nConnection: Close\r\n"
        ));
        assert!(!head(
            "HTTP/1.1 200 OK",
            "Content-Length: 1\r\nConnection: keep-alive , close\r\n"
        ));
        assert!(!head(
            "HTTP/1.0 200 OK",
            "Content-Length: 1\r\nConnection: keep-alive\r\n"
        ));
    }

    #[test]
    fn only_an_unusual_reason_is_kept_and_then_byte_for_byte() {
        let reason = |line: &[u8]| {
            let head = Bytes::from([line, b"\r\n\r\n"].concat());
            parse(&head, false)
                .unwrap()
                .reason
                .map(|reason| reason.as_bytes().to_vec())
        };
        assert_eq!(reason(b"HTTP/1.1 200 OK"), None);
        assert_eq!(reason(b"HTTP/1.1 200 Fine"), Some(b"Fine".to_vec()));
        assert_eq!(reason(b"HTTP/1.1 200 "), Some(Vec::new()));
        assert_eq!(reason(b"HTTP/1.1 200"), Some(Vec::new()));
        assert_eq!(reason(b"HTTP/1.1 299 Na\xefve"), Some(b"Na\xefve".to_vec()));
    }

    #[test]
    fn trailers_never_speak_of_framing() {
        let block = Bytes::from_static(b"X-Sum: 1\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n");
        let trailers = parse_trailers(&block).unwrap();
        assert_eq!(
            trailers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["x-sum"]
        );
    }
}
