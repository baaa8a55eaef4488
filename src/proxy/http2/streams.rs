//! Where the streams of a connection run: each as a task of the worker's.

use crate::{proxy::connection::PanicCount, telemetry::Counters};
use hyper::rt::Executor;
use std::sync::Arc;

/// Runs what hyper makes of a connection's streams.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    counters: Arc<Counters>,
}

impl Streams {
    pub(super) fn new(counters: Arc<Counters>) -> Self {
        Self { counters }
    }
}

impl<F: Future<Output = ()> + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        // A panic ends its stream alone, and is counted (rulings, 37).
        let counted = PanicCount::new(self.counters.clone());
        tokio::task::spawn_local(async move {
            let _counted = counted;
            stream.await;
        });
    }
}
