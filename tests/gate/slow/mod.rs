//! Clients and stores that take their time. Every bound is met from both sides: what keeps just within it is served,
//! and what does not is refused, cut or closed, and nothing else is.

mod answers;
mod bodies;
mod heads;

use crate::{
    harness::{Over, Running, Setup},
    support::Wire,
};
use obsgate::config::{Limits, Timeouts, Upstream};
use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

/// A bound that is to be met, and all others: nothing here takes as long.
pub(super) const BOUND: Duration = Duration::from_millis(500);
pub(super) const NEVER: Duration = Duration::from_mins(10);
/// Well within the bound, but more than the bound if there are enough of it.
pub(super) const PAUSE: Duration = Duration::from_millis(50);
pub(super) const PAUSES: usize = 16;

/// More than all the buffers there are between the store and a client that does not read.
pub(super) const LARGE: usize = 32 << 20;

pub(super) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
pub(super) const OVER: [Over; 2] = [Over::Http, Over::Https];

/// Times each request from its first word: it took at least the bound, and not for ever.
pub(super) struct Stopwatch(Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    #[track_caller]
    pub(super) fn assert_expired(&self) {
        assert!(self.0.elapsed() >= BOUND, "after {:?}", self.0.elapsed());
    }
}

/// A gate whose clients have all the time there is, but for what `with` changes.
pub(super) fn gate(origin: SocketAddr, with: impl Fn(&mut Timeouts, &mut Limits)) -> Running {
    let (mut timeouts, mut limits) = (Timeouts::default(), Limits::default());
    timeouts.tls_handshake = NEVER;
    timeouts.request_head = NEVER;
    timeouts.keep_alive = NEVER;
    timeouts.body_idle = NEVER;
    limits.minimum_body_rate = 0;
    with(&mut timeouts, &mut limits);
    let mut upstream = Upstream::danger_plaintext(origin.ip().to_string(), origin.port());
    upstream.response_head_timeout = NEVER;
    upstream.slow_response_head_timeout = NEVER;
    Setup {
        limits,
        timeouts,
        ..Setup::over(upstream)
    }
    .start()
}

/// Sends with a pause before every piece, each within the bound and all of them not.
pub(super) fn trickle<T: AsRef<[u8]>>(wire: &mut Wire, pieces: impl IntoIterator<Item = T>) {
    for piece in pieces {
        thread::sleep(PAUSE);
        if wire.try_send(piece).is_err() {
            return;
        }
    }
}

/// Reads all there is, and closes: the gate lingers no longer.
pub(super) fn read_to_end(mut wire: Wire) -> String {
    wire.read_to_end()
}

#[track_caller]
pub(super) fn assert_late(all: &str, rule: &str) {
    assert!(all.starts_with("HTTP/1.1 400 "), "{all}");
    assert!(all.contains("\r\nconnection: close\r\n"), "{all}");
    assert!(all.contains(&format!("\r\nx-obsgate-rule: {rule}\r\n")), "{all}");
    assert!(all.contains("<Code>RequestTimeout</Code>"), "{all}");
    assert!(all.ends_with("</Error>"), "{all}");
}

/// Asserts that one request, the last one, left this behind.
#[track_caller]
pub(super) fn assert_logged(gate: Running, outcome: &str, rule: &str, status: u16) {
    gate.wait_for_hits(rule, 1);
    let event = gate.events().pop().unwrap();
    assert_eq!(event["outcome"], outcome, "{event}");
    assert_eq!(event["rule"], rule, "{event}");
    assert_eq!(event["status"], status, "{event}");
}
