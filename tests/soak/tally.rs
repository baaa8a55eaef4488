//! What clients know of how many requests ended how, and whether the gate says the same.

use crate::program::Lines;
use std::collections::BTreeMap;

/// Counts of requests by how they ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// By the outcome that the gate must have counted.
    ended: BTreeMap<&'static str, u64>,
    /// Requests whose client went away at once: the gate may have seen them or not.
    doubtful: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, outcome: &'static str) {
        *self.ended.entry(outcome).or_default() += 1;
    }

    pub(crate) fn doubt(&mut self) {
        self.doubtful += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (outcome, count) in &other.ended {
            *self.ended.entry(outcome).or_default() += count;
        }
        self.doubtful += other.doubtful;
    }

    /// Each outcome was counted as often as it was seen, and the doubtful ones in all no more often than they may be.
    pub(crate) fn check(&self, metrics: &str) {
        let counted = |outcome: &str| {
            let name = format!("obsgate_requests_total{{outcome=\"{outcome}\"}} ");
            let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
            line.map_or(0, |count| count.parse().expect("a number"))
        };
        self.compare(counted);
        assert!(metrics.contains("obsgate_panics_total 0\n"), "{metrics}");
    }

    /// So do the log's lines.
    pub(crate) fn check_lines(&self, lines: &Lines) {
        self.compare(|outcome| lines.outcomes.get(outcome).copied().unwrap_or_default());
    }

    fn compare(&self, counted: impl Fn(&str) -> u64) {
        let mut doubtful = 0;
        for outcome in OUTCOMES {
            let (sent, counted) = (
                self.ended.get(outcome).copied().unwrap_or_default(),
                counted(outcome),
            );
            assert!(
                counted >= sent,
                "{outcome}: {counted} were counted of {sent}: {self:?}"
            );
            doubtful += counted - sent;
        }
        assert!(
            doubtful <= self.doubtful,
            "{doubtful} were counted that nobody sent: {self:?}"
        );
    }
}

const OUTCOMES: [&str; 7] = [
    "allowed",
    "waived",
    "violated",
    "refused",
    "malformed",
    "failed",
    "abandoned",
];
