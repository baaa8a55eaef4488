//! The whole gate on the wire: what a client sends, what the origin sees, what comes back, and what is logged.

#![cfg(test)]

mod bounds;
mod broken;
mod buffers;
mod connections;
mod defects;
mod early;
mod forwarding;
mod harness;
mod held;
mod idle;
#[cfg(target_os = "linux")]
mod integrity;
mod large;
mod lingering;
mod logs;
mod malformed;
mod message;
mod profiles;
mod program;
mod refusals;
mod relay;
mod running;
mod secrets;
mod sender;
mod shadow;
mod signatures;
mod slow;
mod unreachable;

#[path = "../support/mod.rs"]
mod support;
