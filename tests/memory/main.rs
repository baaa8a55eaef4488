//! What a request does not say, on the wire: uploads, forms, bucket defaults and appended objects, from what the client
//! sends over what the store answers to what the gate then knows.

#![cfg(test)]

mod appends;
mod begins;
mod configurations;
mod contradictions;
mod declared;
mod defaults;
mod demo;
mod ends;
mod exposed;
mod form;
mod form_uploads;
mod forms;
mod harness;
mod late;
mod message;
mod orphans;
mod overwrites;
mod parts;
mod program;
mod restarts;
mod store;
mod uploads;

#[path = "../support/watch.rs"]
mod watch;
#[path = "../support/wire.rs"]
#[expect(dead_code, reason = "every test uses a part of this")]
mod wire;
