//! Diagnostics on standard error, filtered by `RUST_LOG`.

use std::io::IsTerminal;
use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, filter::filter_fn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts diagnostics. Called once by the program; does nothing when a subscriber is already there.
///
/// Whatever `RUST_LOG` says, libraries that print whole heads and paths below that level stay at `info`
/// (rulings, 38).
pub fn init() {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second call finds a subscriber in place, which is as good.
    let _ = tracing_subscriber::registry()
        .with(wanted)
        .with(filter_fn(is_harmless))
        .with(lines)
        .try_init();
}

/// A filter of its own: within `RUST_LOG` a directive for a module would go before one for its library.
fn is_harmless(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let library = target.split_once("::").map_or(target, |(library, _)| library);
    *metadata.level() <= Level::INFO || !CAPPED.contains(&library)
}

const CAPPED: [&str; 6] = ["hyper", "hyper_util", "h2", "rustls", "tokio_rustls", "multer"];
