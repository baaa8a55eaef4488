//! Sockets, streams and time.

pub mod body;
pub mod upstream;
