//! Three readers of the bytes of one connection: where the guard lets them pass, the gate, hyper and a slow reference read
//! the same methods, targets, headers, bodies and trailers; where it does not, the reference reads no request either.

use super::{agreement::compare, drive::whole};

/// The id of the violation, or whether the bytes are whole requests.
pub fn holds(bytes: &[u8]) -> &'static str {
    let outcome = whole(bytes);
    compare(bytes, &outcome);
    match outcome.violation {
        Some(violation) => violation.id(),
        None if outcome.whole => "whole",
        None => "partial",
    }
}
