//! Counters, one set a worker, added up when they are read.

use super::record::{Outcome, Record};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// One worker's counters. Only that worker writes them.
#[derive(Debug, Default)]
pub struct Counters {
    outcomes: [Counter; Outcome::ALL.len()],
    bytes_in: Counter,
    bytes_out: Counter,
    customer_keys_exposed: Counter,
    panics: Counter,
    /// Connections that are open.
    pub connections: Gauge,
    /// Requests whose answers have not ended.
    pub requests: Gauge,
    /// Bytes that are in buffers.
    pub buffered: Gauge,
    /// Connections that came over a bound.
    pub turned_away: Counter,
    /// How often no connection could be accepted.
    pub accept_errors: Counter,
    /// Connections of HTTP/2 that the gate ended for an error of the client's.
    pub http2_connections_refused: Counter,
    /// Heads of HTTP/2 that no request came of: reset, or answered with 431, where they were read.
    pub http2_heads_refused: Counter,
    rules: Mutex<BTreeMap<String, u64>>,
}

/// How much there was of something since the start. One worker alone adds to it, so that it takes no more than a load and
/// a store; whoever wants to reads it.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

/// How much there is of something now. One worker alone changes it, as it does a [`Counter`].
#[derive(Debug, Default)]
pub struct Gauge(Counter);

impl Counter {
    /// The number as it was a moment ago.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds to it.
    pub fn add(&self, more: u64) {
        self.0.store(self.get().wrapping_add(more), Ordering::Relaxed);
    }
}

impl Gauge {
    /// The number as it was a moment ago.
    pub fn get(&self) -> u64 {
        self.0.get()
    }

    /// Adds to it.
    pub fn add(&self, more: u64) {
        self.0.add(more);
    }

    /// Replaces a part of it by another.
    pub fn change(&self, before: u64, after: u64) {
        self.add(after.wrapping_sub(before));
    }

    /// Takes off what was added before.
    pub fn sub(&self, less: u64) {
        self.change(less, 0);
    }
}

impl Counters {
    /// Counts a request that has ended.
    pub fn count(&self, record: &Record) {
        if let Some(outcome) = self.outcomes.get(record.outcome as usize) {
            outcome.add(1);
        }
        self.bytes_in.add(record.bytes_in);
        self.bytes_out.add(record.bytes_out);
        if !record.exposed.is_empty() {
            self.customer_keys_exposed.add(record.exposed.len() as u64);
        }
        if let Some(rule) = &record.rule {
            self.count_rule(rule);
        }
    }

    /// Counts a rule that was hit.
    pub fn count_rule(&self, rule: &str) {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        match rules.get_mut(rule) {
            Some(count) => *count += 1,
            None => drop(rules.insert(rule.to_owned(), 1)),
        }
    }

    /// Counts a connection whose task panicked.
    pub fn count_panic(&self) {
        self.panics.add(1);
    }
}

/// All workers' counters together, in the text format that Prometheus reads.
pub fn render(workers: &[Arc<Counters>]) -> String {
    let sum = |read: &dyn Fn(&Counters) -> &Counter| -> u64 {
        workers.iter().map(|counters| read(counters).get()).sum()
    };
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "# TYPE obsgate_requests_total counter");
    for (n, outcome) in Outcome::ALL.into_iter().enumerate() {
        let total: u64 = workers
            .iter()
            .filter_map(|counters| counters.outcomes.get(n))
            .map(Counter::get)
            .sum();
        let _ = writeln!(
            out,
            "obsgate_requests_total{{outcome=\"{}\"}} {total}",
            outcome.name()
        );
    }
    render_rules(&mut out, workers);
    for (name, total) in [
        (
            "obsgate_request_body_bytes_total",
            sum(&|counters| &counters.bytes_in),
        ),
        (
            "obsgate_response_body_bytes_total",
            sum(&|counters| &counters.bytes_out),
        ),
        (
            "obsgate_customer_keys_exposed_total",
            sum(&|counters| &counters.customer_keys_exposed),
        ),
        ("obsgate_panics_total", sum(&|counters| &counters.panics)),
        (
            "obsgate_connections_turned_away_total",
            sum(&|counters| &counters.turned_away),
        ),
        (
            "obsgate_accept_errors_total",
            sum(&|counters| &counters.accept_errors),
        ),
    ] {
        let _ = writeln!(out, "# TYPE {name} counter\n{name} {total}");
    }
    let _ = writeln!(out, "# TYPE obsgate_http2_protocol_errors_total counter");
    for (of, total) in [
        ("connection", sum(&|counters| &counters.http2_connections_refused)),
        ("head", sum(&|counters| &counters.http2_heads_refused)),
    ] {
        let _ = writeln!(out, "obsgate_http2_protocol_errors_total{{of=\"{of}\"}} {total}");
    }
    for (name, total) in [
        ("obsgate_connections", sum(&|counters| &counters.connections.0)),
        (
            "obsgate_requests_in_flight",
            sum(&|counters| &counters.requests.0),
        ),
        ("obsgate_buffered_bytes", sum(&|counters| &counters.buffered.0)),
    ] {
        let _ = writeln!(out, "# TYPE {name} gauge\n{name} {total}");
    }
    out
}

fn render_rules(out: &mut String, workers: &[Arc<Counters>]) {
    let mut rules = BTreeMap::<String, u64>::new();
    for counters in workers {
        for (rule, count) in &*counters.rules.lock().unwrap_or_else(PoisonError::into_inner) {
            *rules.entry(rule.clone()).or_default() += count;
        }
    }
    let _ = writeln!(out, "# TYPE obsgate_rule_hits_total counter");
    for (rule, count) in rules {
        let _ = writeln!(
            out,
            "obsgate_rule_hits_total{{rule=\"{}\"}} {count}",
            rule.escape_default()
        );
    }
}
