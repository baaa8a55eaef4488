//! What holds for every input of a parser that reads hostile bytes: a module for each target, with a function that
//! panics where a law is broken and otherwise says what kind of input it was.
//!
//! `cargo test` runs them over their seeds and mutations of these (`tests/fuzzing`), the fuzzer over whatever it finds
//! (`tests/fuzz`).

pub mod answer;
pub mod classify;
pub mod copy_source;
pub mod differential;
pub mod form;
pub mod guard;
pub mod policy_file;
pub mod query;
pub mod settings;
pub mod xml;

#[path = "../../guard/agreement.rs"]
mod agreement;
#[path = "../../guard/drive.rs"]
mod drive;
#[path = "../../forms/mod.rs"]
mod forms;
#[path = "../../heads/mod.rs"]
mod heads;
mod mistakes;
mod pieces;
#[path = "../../guard/reference.rs"]
mod reference;
