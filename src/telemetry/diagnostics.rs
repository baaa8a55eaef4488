//! Diagnostics on standard error, filtered by `RUST_LOG`.

use std::io::{self, IsTerminal};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Starts diagnostics. Called once by the program; does nothing when a subscriber is already there.
pub fn init() {
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second call finds a subscriber in place, which is as good.
    let _ = diagnostics(wanted, io::stderr, io::stderr().is_terminal()).try_init();
}

/// Diagnostics as lines of text, in colours or not.
///
/// Whatever is wanted, libraries stay at `info`: below that some of them print whole heads and paths (rulings, 38).
pub fn diagnostics<W>(wanted: EnvFilter, writer: W, colours: bool) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(colours);
    tracing_subscriber::registry()
        .with(wanted)
        .with(filter_fn(is_harmless))
        .with(lines)
}

/// A filter of its own: within `RUST_LOG` a directive for a module would go before one for its library.
fn is_harmless(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let library = target.split_once("::").map_or(target, |(library, _)| library);
    *metadata.level() <= Level::INFO || library == OWN
}

/// What is the gate's own prints no secret at any level; of everything else nobody can tell.
const OWN: &str = env!("CARGO_CRATE_NAME");

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn libraries_are_heard_from_info_on_and_the_gate_at_every_level_whatever_is_wanted() {
        for wanted in ["trace", "trace,h2=trace,hyper::proto=trace,rustls=trace"] {
            let lines = Lines::default();
            let writer = lines.clone();
            let subscriber = diagnostics(EnvFilter::new(wanted), move || writer.clone(), false);
            tracing::subscriber::with_default(subscriber, || {
                tracing::trace!(target: "h2::codec", "unheard");
                tracing::debug!(target: "hyper::proto::h1", "unheard");
                tracing::debug!(target: "obsgate_not", "unheard");
                tracing::trace!(target: "rustls", "unheard");
                tracing::info!(target: "h2::codec", "heard of h2");
                tracing::warn!(target: "rustls::server", "heard of rustls");
                tracing::trace!("heard of the gate");
                tracing::debug!(target: "obsgate::proxy", "heard of its proxy");
            });
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert_eq!(text.lines().count(), 4, "{text}");
            assert!(text.lines().all(|line| line.contains(" heard of ")), "{text}");
        }
    }
}
