//! What both sides of HTTP/1.1 have in common, the client's and the store's: how a field is written and a list of names is
//! read, which answers have no body, and how much of a body is read at once.

use crate::obs::bytes::trim;
use bytes::BytesMut;
use http::{HeaderName, HeaderValue, StatusCode};
use std::mem;

/// Writes a field and the end of its line.
pub(super) fn write_field(name: &str, value: &HeaderValue, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The elements of a list (RFC 9110 §5.6.1).
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(trim)
}

/// The names in a list of names; what is no name names nothing.
pub(super) fn names(value: &[u8]) -> impl Iterator<Item = HeaderName> {
    elements(value).filter_map(|name| HeaderName::from_bytes(name).ok())
}

/// No body, whatever the head says (RFC 9112 §6.3).
pub(super) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

/// Not even a length of zero goes with these (RFC 9110 §8.6).
pub(super) fn may_have_length(status: StatusCode) -> bool {
    !status.is_informational() && status != StatusCode::NO_CONTENT
}

/// Room for a good read of so many bytes, in the buffer that is there if it is worth a read, or if the bytes handed out
/// of it have been dropped; of no less than `least` in any case.
pub(super) fn make_room(buffer: &mut BytesMut, wanted: usize, least: usize) {
    let room = buffer.capacity() - buffer.len();
    if room >= (wanted / 4).max(least) || buffer.try_reclaim(wanted) {
        return;
    }
    let mut larger = BytesMut::with_capacity(buffer.len() + wanted);
    larger.extend_from_slice(buffer);
    drop(mem::replace(buffer, larger));
}

/// What a read asks for after one that got all it asked for.
pub(super) fn grown(appetite: usize) -> usize {
    (appetite * 4).min(MOST)
}

/// What a read of a body asks for once more keeps coming.
pub(super) const MOST: usize = 512 * 1024;
