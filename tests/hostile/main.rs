//! The whole gate against whoever means it ill: clients byte by byte, an origin off every script, and after each of
//! them a gate that serves as before.

#![cfg(test)]

mod answer_rows;
mod answers;
#[expect(dead_code, reason = "a part of it is used here")]
#[path = "../guard/cases.rs"]
mod cases;
#[cfg(target_os = "linux")]
mod clients;

#[path = "../guard/drive.rs"]
mod drive;
mod encryption;
mod forms;
mod gate;
mod guarded;
#[expect(dead_code, reason = "a part of it is used here")]
#[path = "../gate/harness.rs"]
mod harness;
mod heads;
#[expect(dead_code, reason = "a part of it is used here")]
#[path = "../gate/message.rs"]
mod message;
mod operations;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "a part of it is used here")]
#[path = "../gate/program.rs"]
mod program;
mod reading;
mod row;
mod signatures;
mod slow;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod targets;
