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
    let wanted = EnvFilter::try_from_default_env().unwrap_or_else(|_| by_default());
    // A second call finds a subscriber in place, which is as good.
    let _ = diagnostics(wanted, io::stderr, io::stderr().is_terminal()).try_init();
}

/// What is shown where `RUST_LOG` does not say.
///
/// Libraries warn of what a peer does (`rustls` of a record out of turn, `h2` of a reset), so that any peer writes as many
/// lines as it likes: these are there for who asks for them, by the library's name or by level.
fn by_default() -> EnvFilter {
    EnvFilter::new(format!("error,{OWN}=info"))
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

    /// What is written of what is said.
    fn written(wanted: EnvFilter, say: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = diagnostics(wanted, move || writer.clone(), false);
        tracing::subscriber::with_default(subscriber, say);
        let text = lines.0.lock().unwrap().clone();
        String::from_utf8(text).unwrap()
    }

    fn assert_heard(text: &str, lines: usize) {
        assert_eq!(text.lines().count(), lines, "{text}");
        assert!(text.lines().all(|line| line.contains(" heard of ")), "{text}");
    }

    #[test]
    fn libraries_are_heard_from_info_on_and_the_gate_at_every_level_whatever_is_wanted() {
        for wanted in ["trace", "trace,h2=trace,hyper::proto=trace,rustls=trace"] {
            let text = written(EnvFilter::new(wanted), || {
                tracing::trace!(target: "h2::codec", "unheard");
                tracing::debug!(target: "hyper::proto::h1", "unheard");
                tracing::debug!(target: "obsgate_not", "unheard");
                tracing::trace!(target: "rustls", "unheard");
                tracing::info!(target: "h2::codec", "heard of h2");
                tracing::warn!(target: "rustls::server", "heard of rustls");
                tracing::trace!("heard of the gate");
                tracing::debug!(target: "obsgate::proxy", "heard of its proxy");
            });
            assert_heard(&text, 4);
        }
    }

    #[test]
    fn a_peer_writes_no_line_by_way_of_a_library_unless_somebody_asks_for_it() {
        let say = || {
            tracing::warn!(target: "rustls::check", "heard of rustls");
            tracing::warn!(target: "h2::proto::streams::recv", "heard of h2");
            tracing::warn!(target: "hyper::proto", "heard of hyper");
            tracing::warn!(target: "tokio_rustls", "heard of the handshake");
            tracing::info!(target: "tokio::net", "heard of the runtime");
        };
        assert_heard(&written(by_default(), say), 0);
        assert_heard(&written(EnvFilter::new("info"), say), 5);
        assert_heard(&written(EnvFilter::new("warn"), say), 4);
        assert_heard(&written(EnvFilter::new("error,rustls=warn"), say), 1);
    }

    #[test]
    fn by_default_the_gate_is_heard_from_info_on_and_a_library_of_its_errors() {
        let text = written(by_default(), || {
            tracing::error!(target: "rustls::check", "heard of rustls");
            tracing::error!(target: "h2::proto", "heard of h2");
            tracing::error!("heard of the gate");
            tracing::warn!(target: "obsgate::proxy", "heard of its proxy");
            tracing::info!(target: "obsgate", "heard of its program");
            tracing::debug!(target: "obsgate::proxy", "unheard");
        });
        assert_heard(&text, 5);
    }
}
