//! HTTP/2 on the wire: frames written by hand, what the origin sees of them, and what comes back.

#![cfg(test)]

mod bodies;
mod bounds;
mod buffers;
mod connection;
mod forwarding;
mod frames;
mod peer;
mod protocol;
mod refusals;
mod secrets;
mod slow;
mod smuggling;
mod uploads;

#[path = "../gate/harness.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "a part of it is used here")]
mod harness;
#[path = "../gate/message.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "a part of it is used here")]
mod message;
#[path = "../gate/program.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "a part of it is used here")]
mod program;
#[path = "../support/mod.rs"]
mod support;
