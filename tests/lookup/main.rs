//! Look-ups on the wire: what the gate asks the store of a bucket it does not know, and what comes of the answer.

#![cfg(test)]

mod answers;
mod harness;
mod sharing;
mod verified;

#[path = "../support/mod.rs"]
mod support;
