//! The `obsgate` program: read the command line, do what it says, and say how it went.

use mimalloc::MiMalloc;
use obsgate::cli::{Cli, Failure};
use std::process::{ExitCode, Termination};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    Cli::read().and_then(Cli::run).unwrap_or_else(Failure::report)
}
