//! What one client, or all of them together, may take of the gate: time, bytes, connections.

use super::{duration::read_duration, section::Section};
use std::{num::NonZeroU32, time::Duration};

/// How long the gate waits for a client. For an upstream, see [`Upstream`](super::Upstream).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For a TLS handshake, from the connection's begin.
    pub tls_handshake: Duration,
    /// For a request's head, from its first byte; of a connection's first request, from the connection's begin.
    pub request_head: Duration,
    /// Between two requests of a connection.
    pub keep_alive: Duration,
    /// Without a byte of a body moving while the gate is ready to move it, in either direction, on either side.
    pub body_idle: Duration,
}

/// How much the gate takes. Over a bound of connections or requests it answers 503 `SlowDown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request's head, its request line included.
    pub head_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of a request's target.
    pub target_bytes: usize,
    /// Bytes a second that a request body has to come with, while the gate is ready to read it; 0 for any.
    pub minimum_body_rate: u32,
    /// How long a body may come slower than that.
    pub minimum_body_rate_after: Duration,
    /// Connections of a listener, over all workers.
    pub connections_per_listener: usize,
    /// Connections of one peer address, over all listeners and workers; `None` for any number: a balancer is one peer.
    pub connections_per_peer: Option<NonZeroU32>,
    /// Requests that one worker has in flight.
    pub requests_in_flight: usize,
    /// Bytes of the buffers of all connections together.
    pub buffer_bytes: usize,
}

/// Reads `[timeouts]`.
pub(super) fn read_timeouts(table: Section<'_>) -> Timeouts {
    let default = Timeouts::default();
    let read = Timeouts {
        tls_handshake: read_duration(&table, "tls_handshake").unwrap_or(default.tls_handshake),
        request_head: read_duration(&table, "request_head").unwrap_or(default.request_head),
        keep_alive: read_duration(&table, "keep_alive").unwrap_or(default.keep_alive),
        body_idle: read_duration(&table, "body_idle").unwrap_or(default.body_idle),
    };
    table.finish();
    read
}

/// Reads `[limits]`.
pub(super) fn read_limits(table: Section<'_>) -> Limits {
    let default = Limits::default();
    let size = |key, bounds, default| {
        table
            .count_within(key, bounds)
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(default)
    };
    let read = Limits {
        head_bytes: size("head_bytes", 8_192..=1_048_576, default.head_bytes),
        headers: size("headers", 16..=1_000, default.headers),
        // What `http::Uri` takes at most.
        target_bytes: size("target_bytes", 1_024..=65_534, default.target_bytes),
        minimum_body_rate: table
            .count_within("minimum_body_rate", 0..=1_048_576)
            .unwrap_or(default.minimum_body_rate),
        minimum_body_rate_after: read_duration(&table, "minimum_body_rate_after")
            .unwrap_or(default.minimum_body_rate_after),
        connections_per_listener: size(
            "connections_per_listener",
            1..=10_000_000,
            default.connections_per_listener,
        ),
        connections_per_peer: table
            .count_within("connections_per_peer", 1..=10_000_000)
            .and_then(NonZeroU32::new),
        requests_in_flight: size("requests_in_flight", 1..=1_000_000, default.requests_in_flight),
        buffer_bytes: size("buffer_bytes", 16_777_216..=u32::MAX, default.buffer_bytes),
    };
    table.finish();
    read
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            tls_handshake: Duration::from_secs(10),
            request_head: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            body_idle: Duration::from_mins(1),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 64 << 10,
            headers: 100,
            target_bytes: 16 << 10,
            minimum_body_rate: 1_024,
            minimum_body_rate_after: Duration::from_secs(30),
            connections_per_listener: 10_000,
            connections_per_peer: None,
            requests_in_flight: 4_096,
            buffer_bytes: 512 << 20,
        }
    }
}
