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
    outcomes: [AtomicU64; Outcome::ALL.len()],
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    customer_keys_exposed: AtomicU64,
    panics: AtomicU64,
    rules: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    /// Counts a request that has ended.
    pub fn count(&self, record: &Record) {
        if let Some(outcome) = self.outcomes.get(record.outcome as usize) {
            outcome.fetch_add(1, Ordering::Relaxed);
        }
        self.bytes_in.fetch_add(record.bytes_in, Ordering::Relaxed);
        self.bytes_out.fetch_add(record.bytes_out, Ordering::Relaxed);
        if !record.exposed.is_empty() {
            let keys = record.exposed.len() as u64;
            self.customer_keys_exposed.fetch_add(keys, Ordering::Relaxed);
        }
        if let Some(rule) = &record.rule {
            let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
            match rules.get_mut(rule) {
                Some(count) => *count += 1,
                None => drop(rules.insert(rule.clone(), 1)),
            }
        }
    }

    /// Counts a connection whose task panicked.
    pub fn count_panic(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }
}

/// All workers' counters together, in the text format that Prometheus reads.
pub fn render(workers: &[Arc<Counters>]) -> String {
    let sum = |read: &dyn Fn(&Counters) -> &AtomicU64| -> u64 {
        workers
            .iter()
            .map(|counters| read(counters).load(Ordering::Relaxed))
            .sum()
    };
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "# TYPE obsgate_requests_total counter");
    for (n, outcome) in Outcome::ALL.into_iter().enumerate() {
        let total: u64 = workers
            .iter()
            .filter_map(|counters| counters.outcomes.get(n))
            .map(|count| count.load(Ordering::Relaxed))
            .sum();
        let _ = writeln!(
            out,
            "obsgate_requests_total{{outcome=\"{}\"}} {total}",
            outcome.name()
        );
    }
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
    ] {
        let _ = writeln!(out, "# TYPE {name} counter\n{name} {total}");
    }
    out
}
