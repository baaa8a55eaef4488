//! Sockets, streams and time: the walk of one request through the gate, and what carries it.
//!
//! 1. **Classify** the head; what is ambiguous is refused.
//! 2. **Decide** on what the head says.
//! 3. **Settle**: a permit, or a refusal. A read whose answer decides gets a permit that holds the answer.
//! 4. **Send** with the permit.
//! 5. **Learn** from a held answer, decide again, and release or refuse it before a byte of its body has passed.
//! 6. **Answer**, and leave one event behind.

mod admin;
mod answer;
pub mod body;
mod connection;
mod drain;
mod error;
mod gate;
pub mod intake;
mod linger;
mod listener;
mod respond;
mod tls;
pub mod upstream;
mod worker;

pub use error::{Refusal, Said};
pub use gate::{Gate, StartError};

use crate::{
    classify::{Arrival, Classified, classify},
    obs::{
        auth::{Auth, Carrier},
        dialect::Dialect,
        encryption::EncryptionSet,
        sse,
    },
    policy::{Decision, Facts, Permit, Policy, Role, Unknown},
    telemetry::{Outcome, Record, Told},
};
use answer::{AnswerBody, Event, Framed};
use body::RequestBody;
use http::{Request, Response, Version, header::CONTENT_LENGTH, request::Parts};
use hyper::body::{Body as _, Incoming};
use intake::Intake;
use respond::Asked;
use upstream::{Answer, ResponseBody};
use worker::Worker;

/// Answers one request.
async fn handle(
    worker: &Worker,
    arrival: Arrival,
    intake: Intake,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let (head, body) = request.into_parts();
    intake.begin(!body.is_end_stream());
    let id = worker.next_id();
    let record = Record::begin(id, arrival.peer, arrival.scheme, head.method.clone());
    let mut event = Event::begin(record, intake.clone(), worker.journal.clone());
    let body = RequestBody::new(body).noted_in(intake.clone());
    let response = match walk(worker, arrival, &head, body, &mut event.record).await {
        Ok(response) => {
            let framed = framed(&head, &response);
            response.map(|body| AnswerBody::streaming(body, framed))
        }
        Err(refusal) => {
            let said = refusal.said(&worker.policy);
            event.record.outcome = refusal.outcome();
            event.record.rule = Some(said.rule.to_owned());
            let asked = Asked {
                method: &head.method,
                path: head.uri.path(),
                dialect: Dialect::of(&head),
                request_id: id.to_string(),
                unread: intake.is_unread(),
            };
            respond::refuse(&said, &asked)
        }
    };
    event.record.status = response.status().as_u16();
    response.map(|body| body.with_event(event))
}

/// The walk itself: every way out of it is an answer of the store's or a refusal.
async fn walk(
    worker: &Worker,
    arrival: Arrival,
    request: &Parts,
    body: RequestBody,
    record: &mut Record,
) -> Result<Response<ResponseBody>, Refusal> {
    let classified = classify(request, arrival, &worker.endpoints).map_err(Refusal::Malformed)?;
    note(record, &classified);
    let facts = classified.facts;
    let decision = if classified.awaits_form() {
        decide_unread(&worker.policy, facts)
    } else {
        worker.policy.decide(facts)
    };
    let permit = settle(worker, facts, decision, unknown(&classified, decision), record)?;
    if let Some(defect) = classified.defect() {
        return Err(Refusal::Defect(defect));
    }
    let answer = worker
        .upstream
        .send(classified.admit(permit), body)
        .await
        .map_err(Refusal::Upstream)?;
    record.answered_after = Some(record.started.elapsed());
    match answer {
        Answer::Free(response) => Ok(response),
        Answer::Held(held) => {
            let facts = facts.learn(Role::Target, sse::told_by(held.headers()));
            record.told = Told::Response;
            record.decided = Some(facts.target);
            let decision = worker.policy.decide(facts);
            let permit = settle(worker, facts, decision, Unknown::Object, record)?;
            Ok(held.release(permit))
        }
    }
}

/// What will show the client where the answer ends.
fn framed(head: &Parts, response: &Response<ResponseBody>) -> Framed {
    if head.version == Version::HTTP_10 && !response.headers().contains_key(CONTENT_LENGTH) {
        Framed::ByConnection
    } else {
        Framed::ByMessage
    }
}

/// The decision on a form that is not read: settled only if it is the same whatever the form says (rulings, 18).
fn decide_unread(policy: &Policy, facts: Facts) -> Decision {
    let mut decisions = Auth::ALL.into_iter().flat_map(|auth| {
        [false, true].map(|customer_key| {
            policy.decide(Facts {
                auth,
                customer_key,
                target: EncryptionSet::ALL,
                ..facts
            })
        })
    });
    let first = decisions.next().unwrap_or(Decision::NeedsState(Role::Target));
    if decisions.all(|decision| matches!((first, decision), (Decision::Allow, Decision::Allow))) {
        first
    } else {
        Decision::NeedsState(Role::Target)
    }
}

/// What is unknown if the decision asks for it.
fn unknown(classified: &Classified<'_>, decision: Decision) -> Unknown {
    let teller = match decision {
        Decision::NeedsState(Role::Source) => classified.source,
        Decision::NeedsState(Role::Target) | Decision::Allow | Decision::Deny(_) => classified.target,
    };
    teller.unknown()
}

fn settle(
    worker: &Worker,
    facts: Facts,
    decision: Decision,
    unknown: Unknown,
    record: &mut Record,
) -> Result<Permit, Refusal> {
    let permit = worker
        .policy
        .settle(facts, decision, unknown)
        .map_err(|denial| Refusal::Denied { denial, facts })?;
    if let Some(denial) = permit.waived() {
        record.outcome = Outcome::Waived;
        record.rule = Some(worker.policy.denial_id(denial).to_owned());
    }
    Ok(permit)
}

fn note(record: &mut Record, classified: &Classified<'_>) {
    record.operation = Some(classified.facts.operation);
    record.bucket = classified.resource.bucket.map(str::to_owned);
    record.auth = Some(classified.facts.auth);
    record.signed_in = classified.signed_in;
    record.seen = Some(classified.facts.target);
    record.decided = record.seen;
    record.told = match classified
        .counted()
        .flat_map(|(_, places, _)| places.iter())
        .next()
    {
        Some((Carrier::Header, _)) => Told::Head,
        Some((Carrier::Query, _)) => Told::Query,
        Some((Carrier::Form, _)) | None => Told::Nobody,
    };
}
