//! What the wire tests share: a connection's raw bytes, from either end, and an origin that follows a script.
//!
//! Blocking and on threads of its own, so that a script reads as what happens. Every wait has an end: a script that
//! waits for bytes that never come fails its test.

#![allow(
    dead_code,
    unused_imports,
    clippy::allow_attributes,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "every test uses a part of this"
)]

mod origin;
pub(crate) mod watch;
mod wire;

pub(crate) use origin::ScriptedOrigin;
pub(crate) use wire::{Ending, Wire};
