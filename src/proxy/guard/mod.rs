//! The guard: what reads the requests of HTTP/1, and lets one reading of their bytes pass, or nothing (rulings, 32).
//!
//! Many a server mends what it can: it drops a `Content-Length` beside `Transfer-Encoding`, takes a bare LF for a line's
//! end, and cuts a fragment off. What the store behind the gate would make of the same bytes is anybody's guess, so:
//!
//! 1. [`Requests`] reads the bytes of a connection as RFC 9112 has them and nothing looser, one head, one piece of data
//!    or one end at a time. It knows nothing of sockets; `proxy::http1` has them.
//! 2. What a head says is in its [`Layout`], and the request is made of that: there is no second parser that could read
//!    it otherwise.
//! 3. A fault is a [`Violation`], and [`Verdict`] holds it for the walk, which refuses as it refuses anything else.
//! 4. [`Patience`] bounds how long is waited for bytes. A request that comes too slowly is refused in the same way; a
//!    connection without one is closed.
//!
//! HTTP/2 has frames instead of lines; there, `inspect_http2` looks at the head that hyper has read.

mod body;
mod class;
mod head;
mod http2;
mod layout;
mod patience;
mod request_line;
mod requests;
mod verdict;
mod violation;

pub(super) use class::stop;
pub(super) use http2::inspect as inspect_http2;
pub use layout::{Layout, Moulds};
pub use patience::Patience;
pub(super) use patience::{Awaited, Expired};
pub use requests::{Inspected, Limits, Progress, Requests};
pub use verdict::Verdict;
pub use violation::Violation;
