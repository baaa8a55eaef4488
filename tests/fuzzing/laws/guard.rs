//! The guard: the bytes of one connection.
//!
//! 1. However the bytes are cut, the same requests end in the same places, the same bytes are released, and the same
//!    violation is found.
//! 2. Of a head with a fault nothing is released, and nothing behind a fault is ever looked at.
//! 3. What is released is requests that `http` has room for.

use super::{
    drive::{drive, whole},
    pieces,
};

/// The id of the violation, or whether the bytes are whole requests.
pub fn holds(bytes: &[u8]) -> &'static str {
    let outcome = whole(bytes);
    assert!(outcome.released <= bytes.len());
    assert!(outcome.ends.is_sorted_by(|one, next| one < next), "{outcome:?}");
    for way in pieces::ways(bytes) {
        assert_eq!(drive(way.iter().copied()), outcome);
    }
    let Some(violation) = outcome.violation else {
        return if outcome.whole { "whole" } else { "partial" };
    };
    if !violation.is_in_body() {
        let last = outcome.ends.last().copied().unwrap_or_default();
        assert_eq!(outcome.released, last, "a part of a bad head was released");
    }
    let behind = [bytes, b"GET /behind HTTP/1.1\r\nHost: h\r\n\r\n"].concat();
    assert_eq!(
        whole(&behind),
        outcome,
        "what comes behind {violation} changes it"
    );
    violation.id()
}
