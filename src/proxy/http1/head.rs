//! The head of an answer as a client of HTTP/1 gets it: the store's lines as they came, and what shows where the answer
//! ends (RFC 9112 §6 and §9). Nothing else is added.

use crate::proxy::{
    guard::Layout,
    message::is_bodiless,
    respond::Refused,
    upstream::{AnswerHead, Field},
};
use http::{Method, StatusCode, Version};
use http_body::SizeHint;
use std::io::Write as _;

/// What a request says of its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    version: Version,
    is_head: bool,
    /// Another request may follow.
    pub(super) persists: bool,
    /// The client takes trailers.
    pub(super) trailers: bool,
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

    /// Writes the head of an answer of the store's, with a body of this size: its lines as they came. None of them is
    /// about the connection.
    pub(super) fn write(self, head: &AnswerHead, size: &SizeHint, out: &mut Vec<u8>) -> Written {
        self.status_line(head.status(), head.reason(), out);
        let has_trailers = self.version != Version::HTTP_10;
        head.write_fields(|field| has_trailers || field != Field::Trailer, out);
        let framing = if self.is_head || is_bodiless(head.status()) {
            Framing::None
        } else {
            self.framing(head.length(), size, out)
        };
        let persists = self.persists && framing != Framing::Close;
        self.connection(persists, out);
        out.extend_from_slice(b"\r\n");
        Written { framing, persists }
    }

    /// Writes the head of a refusal.
    pub(super) fn refuse(self, refused: &Refused, out: &mut Vec<u8>) -> Written {
        self.status_line(refused.status(), None, out);
        refused.fields(|name, value| {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        });
        let framing = if self.is_head {
            Framing::None
        } else {
            Framing::Length(refused.length())
        };
        let persists = self.persists && !refused.is_last();
        self.connection(persists, out);
        out.extend_from_slice(b"\r\n");
        Written { framing, persists }
    }

    fn status_line(self, status: StatusCode, reason: Option<&[u8]>, out: &mut Vec<u8>) {
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
        out.extend_from_slice(reason.unwrap_or_else(usual));
        out.extend_from_slice(b"\r\n");
    }

    /// Finds how the end of a body is shown, and says so where the head does not.
    fn framing(self, said: Option<u64>, size: &SizeHint, out: &mut Vec<u8>) -> Framing {
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

    /// Says what becomes of the connection where the version says otherwise.
    fn connection(self, persists: bool, out: &mut Vec<u8>) {
        let field: &[u8] = match (persists, self.version == Version::HTTP_10) {
            (true, true) => b"connection: keep-alive\r\n",
            (false, false) => b"connection: close\r\n",
            (true, false) | (false, true) => return,
        };
        out.extend_from_slice(field);
    }
}
