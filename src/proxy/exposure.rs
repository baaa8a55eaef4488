//! Customer keys that came in clear: noted whatever becomes of their request, for they have to be replaced, be it
//! refused, waived or allowed by a profile that demands no HTTPS (rulings, 25).

use super::{
    sweep::{Sweep, Tick},
    worker::Worker,
};
use crate::{
    obs::{
        exposed::{Exposed, FingerprintKey},
        form::Scanner,
        scheme::Scheme,
    },
    telemetry::Record,
};
use http::request::Parts;
use std::{cell::Cell, fmt, time::Duration};

/// What a worker tells exposed keys apart by, and how much it says of them.
pub(super) struct Exposures {
    key: FingerprintKey,
    restraint: Restraint,
}

/// How many warnings of exposed keys a worker writes: whoever sends keys in clear by the thousand is told of by the
/// access log and the counter, and holds nobody up with what goes to standard error.
#[derive(Debug, Default)]
struct Restraint {
    since: Cell<Tick>,
    told: Cell<u32>,
    untold: Cell<u64>,
}

impl Exposures {
    pub(super) fn new(key: FingerprintKey) -> Self {
        Self {
            key,
            restraint: Restraint::default(),
        }
    }
}

impl Restraint {
    /// Whether one more may be written; if so, how many were not since the last one.
    fn allows(&self, sweep: &Sweep) -> Option<u64> {
        if sweep.now().saturating_sub(self.since.get()) >= sweep.ticks(WINDOW).max(1) {
            self.since.set(sweep.now());
            self.told.set(0);
        }
        if self.told.get() >= WARNINGS {
            self.untold.set(self.untold.get().saturating_add(1));
            return None;
        }
        self.told.set(self.told.get() + 1);
        Some(self.untold.take())
    }
}

/// Notes the keys in a head.
pub(super) fn in_head(worker: &Worker, head: &Parts, record: &mut Record) {
    if record.scheme == Scheme::Http {
        note(worker, worker.exposures.key.in_head(head), record);
    }
}

/// Notes the keys in a form, as far as it was read.
pub(super) fn in_form(worker: &Worker, form: &Scanner, record: &mut Record) {
    if record.scheme == Scheme::Http {
        note(worker, worker.exposures.key.in_form(form.fields()), record);
    }
}

/// Each key is told once a request, in however many places it stands.
fn note(worker: &Worker, found: impl Iterator<Item = Exposed>, record: &mut Record) {
    for exposed in found {
        if record.exposed.contains(&exposed.fingerprint) || record.exposed.len() >= MOST {
            continue;
        }
        if let Some(untold) = worker.exposures.restraint.allows(&worker.sweep) {
            tracing::warn!(
                request = %record.id,
                peer = %record.peer,
                bucket = record.bucket.as_deref(),
                carrier = exposed.carrier.name(),
                source = exposed.source,
                fingerprint = %exposed.fingerprint,
                untold,
                "customer_key_exposed: a customer key came in clear and has to be replaced"
            );
        }
        record.exposed.push(exposed.fingerprint);
    }
}

/// Without the key: it is a secret.
impl fmt::Debug for Exposures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposures").finish_non_exhaustive()
    }
}

/// A request of a good client has two.
const MOST: usize = 8;
/// How many warnings a worker writes in such a time.
const WARNINGS: u32 = 10;
const WINDOW: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_warnings_in_ten_seconds_and_the_next_says_how_many_were_not_written() {
        let sweep = Sweep::new(Duration::from_secs(1));
        let restraint = Restraint::default();
        for _ in 0..WARNINGS {
            assert_eq!(restraint.allows(&sweep), Some(0));
        }
        for second in 0..10 {
            sweep.tick(Duration::from_secs(second));
            assert_eq!(restraint.allows(&sweep), None);
        }
        sweep.tick(WINDOW);
        assert_eq!(restraint.allows(&sweep), Some(10));
        assert_eq!(restraint.allows(&sweep), Some(0));
    }
}
