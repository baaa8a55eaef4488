//! The guard beneath hyper: what reaches the parser is one reading of the bytes, or nothing (rulings, 32).
//!
//! hyper mends what it can: it drops a `Content-Length` beside `Transfer-Encoding`, takes a bare LF for a line's end,
//! and cuts a fragment off. What the store behind the gate would make of the same bytes is anybody's guess, so the
//! guard refuses them before hyper sees them:
//!
//! 1. [`Requests`] reads the bytes of a connection as RFC 9112 has them and nothing looser. It knows nothing of
//!    sockets.
//! 2. [`Guarded`] puts it between hyper and the stream. hyper reads into its own buffer, and the guard looks at the
//!    bytes in there; it copies only a head that comes in pieces, and requests that come before their turn.
//! 3. A request with a fault in its head is replaced by a head that says nothing, and [`Verdict`] holds the
//!    [`Violation`]: the service refuses as it refuses anything else. A fault in a body is a read error.
//! 4. [`Patience`] bounds how long the guard waits for bytes. A request that comes too slowly is refused in the same
//!    way; a connection without one is closed.
//!
//! HTTP/2 has frames instead of lines; there, `inspect_http2` looks at the head that hyper has read.

mod body;
mod class;
mod head;
mod http2;
mod patience;
mod request_line;
mod requests;
mod stream;
mod verdict;
mod violation;

pub(super) use http2::inspect as inspect_http2;
pub use patience::Patience;
pub use requests::{Inspected, Limits, Progress, Requests};
pub use stream::Guarded;
pub use verdict::{Exchange, Verdict};
pub use violation::Violation;
