//! One field of an answer: its name, its value, and what it is for whoever passes the answer on.

use crate::obs::{bytes, sse::Sign};
use http::HeaderName;

/// What a field is for whoever passes an answer on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Field {
    EndToEnd,
    /// The same, and it tells of the object's encryption.
    Telling(Sign),
    /// The same, and it announces trailers.
    Trailer,
    ContentLength,
    TransferEncoding,
    Connection,
    HopByHop,
}

impl Field {
    pub(super) fn of(name: &HeaderName) -> Self {
        match name.as_str() {
            "content-length" => Self::ContentLength,
            "transfer-encoding" => Self::TransferEncoding,
            "connection" => Self::Connection,
            "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "upgrade"
            | "http2-settings" => Self::HopByHop,
            "trailer" => Self::Trailer,
            name => Sign::of(name.as_bytes()).map_or(Self::EndToEnd, Self::Telling),
        }
    }

    /// Whether it goes on to the client.
    pub(super) const fn stays(self) -> bool {
        matches!(
            self,
            Self::EndToEnd | Self::Telling(_) | Self::Trailer | Self::ContentLength
        )
    }
}

/// A field's name and its value (RFC 9112 §5).
pub(super) fn split(line: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    let (name, value) = bytes::split(line, b':').ok_or("a header field that is none")?;
    Ok((name, bytes::trim(value)))
}

/// A name that may be one.
pub(super) fn named(name: &[u8]) -> Result<HeaderName, &'static str> {
    HeaderName::from_bytes(name).map_err(|_| "a header name that is none")
}
