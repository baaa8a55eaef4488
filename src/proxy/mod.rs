//! Sockets, streams and time.

pub mod guard;
