//! Customer keys that came in clear: noted whatever becomes of their request, for they have to be replaced, be it
//! refused, waived or allowed by a profile that demands no HTTPS (rulings, 25).

use super::worker::Worker;
use crate::{
    obs::{exposed::Exposed, form::Scanner, scheme::Scheme},
    telemetry::Record,
};
use http::request::Parts;

/// Notes the keys in a head.
pub(super) fn in_head(worker: &Worker, head: &Parts, record: &mut Record) {
    if record.scheme == Scheme::Http {
        note(worker.knowledge.fingerprint_key().in_head(head), record);
    }
}

/// Notes the keys in a form, as far as it was read.
pub(super) fn in_form(worker: &Worker, form: &Scanner, record: &mut Record) {
    if record.scheme == Scheme::Http {
        note(worker.knowledge.fingerprint_key().in_form(form.fields()), record);
    }
}

/// Each key is told once a request, in however many places it stands.
fn note(found: impl Iterator<Item = Exposed>, record: &mut Record) {
    for exposed in found {
        if record.exposed.contains(&exposed.fingerprint) || record.exposed.len() >= MOST {
            continue;
        }
        tracing::warn!(
            request = %record.id,
            peer = %record.peer,
            bucket = record.bucket.as_deref(),
            carrier = exposed.carrier.name(),
            source = exposed.source,
            fingerprint = %exposed.fingerprint,
            "customer_key_exposed: a customer key came in clear and has to be replaced"
        );
        record.exposed.push(exposed.fingerprint);
    }
}

/// A request of a good client has two.
const MOST: usize = 8;
