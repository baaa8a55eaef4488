//! A small OBS in memory: what `obsgate demo` runs the gate in front of, and what tests use as upstream.
//!
//! It keeps buckets, objects, uploads and bucket defaults, says of each object how it is encrypted (nothing is: the
//! bytes lie in memory as they came), and **verifies** every signature, so that one broken on the way is seen as 403
//! `SignatureDoesNotMatch`. It does not enforce what the gate is there for: it takes a customer key over cleartext
//! and an SSE-KMS upload signed with version 2.
//!
//! It reads requests with code of its own, on purpose: shared code would share its mistakes with the gate.

mod authenticate;
mod bucket;
pub mod certificate;
mod chunked;
mod copy;
mod fault;
mod form;
pub mod guide;
mod multipart;
mod object;
mod origin;
mod payload;
mod range;
mod received;
mod reply;
mod request;
mod route;
pub mod signature;
mod sse;
mod store;
mod xml;

pub use origin::Origin;
pub use received::Received;
pub use signature::Credentials;
pub use store::Access;
