//! Diagnostics on standard error, filtered by `RUST_LOG`.

use std::io::IsTerminal;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts diagnostics. Called once by the program; does nothing when a subscriber is already there.
///
/// Whatever `RUST_LOG` says, libraries that print whole heads and paths below that level stay at `info`
/// (rulings, 38).
pub fn init() {
    let filter = CAPPED.iter().fold(
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        |filter, library| match format!("{library}=info").parse() {
            Ok(directive) => filter.add_directive(directive),
            Err(_) => filter,
        },
    );
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second call finds a subscriber in place, which is as good.
    let _ = tracing_subscriber::registry().with(filter).with(lines).try_init();
}

const CAPPED: [&str; 6] = ["hyper", "hyper_util", "h2", "rustls", "tokio_rustls", "multer"];
