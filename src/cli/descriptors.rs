//! File descriptors: as many as the system lets the program have, and a word when those are too few.

use crate::config::Config;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit of file descriptors as far as it goes, and warns when that is not as far as the settings want it.
pub(super) fn raise(config: &Config) {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let now = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised.current,
        Err(error) => {
            tracing::warn!(%error, "the limit of file descriptors cannot be raised");
            limit.current
        }
    };
    let wanted = wanted(config);
    if let Some(now) = now.filter(|now| *now < wanted) {
        tracing::warn!(
            limit = now,
            wanted,
            "there may be fewer file descriptors than `connections_per_listener` wants: raise the limit (LimitNOFILE, \
             ulimit -n), or lower the setting"
        );
    }
}

/// How many there may have to be: each connection may need another one to the store.
fn wanted(config: &Config) -> u64 {
    let limits = config.limits();
    let connections = limits
        .connections_per_listener
        .saturating_mul(config.listeners().len());
    let in_flight = limits.requests_in_flight.saturating_mul(config.workers().get());
    connections
        .saturating_add(connections.min(in_flight))
        .saturating_add(OTHERS) as u64
}

/// Files, sockets that listen, and what runtimes need.
const OTHERS: usize = 64;
