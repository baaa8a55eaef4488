//! The demo origin over real sockets: what it keeps, what it says of encryption, what it refuses.

#![cfg(test)]

mod client;
mod encryption;
mod objects;
mod senders;
mod vectors;
