//! The head of an answer as a client of HTTP/1 gets it: the store's fields as they came, and what shows where the answer
//! ends (RFC 9112 §6 and §9). Nothing else is added.

use crate::proxy::{
    guard::Layout,
    message::{elements, is_bodiless, names, write_field},
    respond::Refused,
};
use http::{
    HeaderName, HeaderValue, Method, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, TRAILER, TRANSFER_ENCODING},
    response::Parts,
};
use http_body::SizeHint;
use hyper::ext::ReasonPhrase;
use std::io::Write as _;

/// What a request says of its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    version: Version,
    is_head: bool,
    /// Another request may follow.
    pub(super) persists: bool,
    /// The client takes trailers.
    trailers: bool,
}

/// How the end of an answer's body is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is no body, whatever the head says.
    None,
    /// So many bytes are left of it.
    Length(u64),
    Chunked,
    /// The connection ends.
    Close,
}

/// A head that was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) framing: Framing,
    pub(super) persists: bool,
    /// The trailers that may follow.
    pub(super) trailers: Vec<HeaderName>,
}

impl Terms {
    pub(super) fn of(layout: &Layout, method: &Method) -> Self {
        Self {
            version: layout.version(),
            is_head: *method == Method::HEAD,
            persists: layout.persists(),
            trailers: layout.takes_trailers(),
        }
    }

    /// Of a request that nobody has read.
    pub(super) fn unknown() -> Self {
        Self {
            version: Version::HTTP_11,
            is_head: false,
            persists: false,
            trailers: false,
        }
    }

    /// Writes the head of an answer with a body of this size.
    pub(super) fn write(self, head: &Parts, size: &SizeHint, out: &mut Vec<u8>) -> Written {
        let mut written = Written {
            framing: Framing::Close,
            persists: self.persists,
            trailers: Vec::new(),
        };
        let has_body = !self.is_head && !is_bodiless(head.status);
        self.status_line(head.status, head.extensions.get(), out);
        let mut length = None;
        for (name, value) in &head.headers {
            if *name == CONTENT_LENGTH {
                if length.is_some() || !may_have_length(head.status) {
                    continue;
                }
                length = Some(value);
            } else if *name == CONNECTION {
                written.persists &= !says_close(value);
            } else if *name == TRAILER {
                if !has_body || self.version == Version::HTTP_10 {
                    continue;
                }
                written.trailers.extend(names(value).filter(|_| self.trailers));
            } else if *name == TRANSFER_ENCODING {
                continue;
            }
            write_field(name.as_str(), value, out);
        }
        written.framing = if has_body {
            self.framing(length, size, out)
        } else {
            Framing::None
        };
        written.persists &= written.framing != Framing::Close;
        self.connection(written.persists, || head.headers.contains_key(CONNECTION), out);
        out.extend_from_slice(b"\r\n");
        written
    }

    /// Writes the head of a refusal.
    pub(super) fn refuse(self, refused: &Refused, out: &mut Vec<u8>) -> Written {
        self.status_line(refused.status(), None, out);
        refused.fields(|name, value| {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        });
        let persists = self.persists && !refused.closes();
        self.connection(persists, || refused.closes(), out);
        out.extend_from_slice(b"\r\n");
        Written {
            framing: if self.is_head {
                Framing::None
            } else {
                Framing::Length(refused.length() as u64)
            },
            persists,
            trailers: Vec::new(),
        }
    }

    fn status_line(self, status: StatusCode, reason: Option<&ReasonPhrase>, out: &mut Vec<u8>) {
        if self.version == Version::HTTP_11 && status == StatusCode::OK && reason.is_none() {
            return out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        }
        let version: &[u8] = if self.version == Version::HTTP_10 {
            b"HTTP/1.0 "
        } else {
            b"HTTP/1.1 "
        };
        out.extend_from_slice(version);
        out.extend_from_slice(status.as_str().as_bytes());
        out.push(b' ');
        let usual = || status.canonical_reason().unwrap_or_default().as_bytes();
        out.extend_from_slice(reason.map_or_else(usual, ReasonPhrase::as_bytes));
        out.extend_from_slice(b"\r\n");
    }

    /// Finds how the end of a body is shown, and says so where the head does not.
    fn framing(self, length: Option<&HeaderValue>, size: &SizeHint, out: &mut Vec<u8>) -> Framing {
        let said = length.and_then(|length| length.to_str().ok()?.parse().ok());
        if let Some(length) = said {
            Framing::Length(length)
        } else if let Some(length) = size.exact() {
            // Writing to a `Vec` does not fail.
            let _ = write!(out, "content-length: {length}\r\n");
            Framing::Length(length)
        } else if self.version == Version::HTTP_10 {
            Framing::Close
        } else {
            out.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Framing::Chunked
        }
    }

    /// Says what becomes of the connection where the version says otherwise, and nobody has said it yet.
    fn connection(self, persists: bool, is_said: impl Fn() -> bool, out: &mut Vec<u8>) {
        let word = match (persists, self.version == Version::HTTP_10) {
            (true, true) => "keep-alive",
            (false, false) => "close",
            (true, false) | (false, true) => return,
        };
        if !is_said() {
            write_field(CONNECTION.as_str(), &HeaderValue::from_static(word), out);
        }
    }
}

/// Not even a length of zero goes with these (RFC 9110 §8.6).
fn may_have_length(status: StatusCode) -> bool {
    !status.is_informational() && status != StatusCode::NO_CONTENT
}

fn says_close(value: &HeaderValue) -> bool {
    elements(value.as_bytes()).any(|token| token.eq_ignore_ascii_case(b"close"))
}
