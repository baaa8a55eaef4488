//! Sockets, streams and time: the walk of one request through the gate, and what carries it.
//!
//! 1. **Classify** the head; what is ambiguous is refused.
//! 2. **Decide** on what the head says.
//! 3. **Settle**: a permit, or a refusal. A read whose answer decides gets a permit that holds the answer.
//! 4. **Send** with the permit.
//! 5. **Learn** from a held answer, decide again, and release or refuse it before a byte of its body has passed.
//! 6. **Answer**, and leave one event behind.

mod accept;
mod admin;
mod admission;
mod answer;
pub mod body;
mod buffers;
mod connection;
mod drain;
mod error;
mod exposure;
mod form;
mod gate;
pub mod guard;
mod handling;
mod http1;
mod http2;
pub mod intake;
mod knowledge;
mod lesson;
mod linger;
mod listener;
mod lookup;
mod loopback;
mod message;
mod mould;
mod outgoing;
mod overwrite;
mod pace;
mod piece;
mod reclaim;
mod relay;
mod respond;
mod socket;
mod sweep;
mod tls;
pub mod upstream;
mod worker;

pub use admission::Overload;
pub use error::{Refusal, Said};
pub use gate::{Gate, StartError};
pub use pace::Waits;
pub use sweep::Sweep;

use crate::{
    classify::{Classified, Inquiry, Teller, classify},
    obs::{
        dialect::Dialect,
        encryption::{Encryption, EncryptionSet},
        form::Scanner,
        operation::Operation,
        route::Verb,
        secret,
    },
    policy::{Decision, Denial, Facts, Permit, Role, Unknown},
    telemetry::{Outcome, Record, Told},
};
use answer::{AnswerBody, Event, Framed};
use body::{ClientBody, RequestBody};
use connection::Client;
use http::{Version, request::Parts};
use http_body::Body as _;
use http2::Deadline;
use knowledge::Names;
use overwrite::Overwrite;
use relay::Relay;
use respond::{Answered, Asked, Refused};
use std::rc::Rc;
use upstream::{Answer, AnswerHead, Held, Response};
use worker::Worker;

/// Answers one request.
async fn handle(worker: Rc<Worker>, client: Rc<Client>, head: Parts, body: ClientBody) -> Answered {
    let (worker, client, head) = (&*worker, &*client, &head);
    client.intake.begin(!body.is_end_stream());
    let id = worker.next_id();
    let mut record = Record::begin(
        id,
        client.arrival.peer,
        client.arrival.scheme,
        head.method.clone(),
    );
    record.version = head.version;
    let mut event = Event::begin(record, client, worker.journal.clone());
    let walked = match guarded(client).and_then(|()| admitted(worker, client, &mut event)) {
        Ok(()) => walk(worker, client, head, body, &mut event.record).await,
        Err(refusal) => {
            exposure::in_head(worker, head, &mut event.record);
            Err(refusal)
        }
    };
    let answered = match walked {
        Ok((answer, body)) => {
            let body = AnswerBody::streaming(body, framed(head, &answer));
            Answered::Relayed(answer, body)
        }
        Err(refusal) => {
            // A body that cannot be read may be one that the guard did not let through.
            let refusal = guarded(client).err().unwrap_or(refusal);
            let mut said = refusal.said(&worker.policy);
            if !event.record.exposed.is_empty() {
                said.burn_key();
            }
            event.record.outcome = refusal.outcome();
            event.record.rule = Some(said.rule.to_owned());
            let asked = Asked {
                method: &head.method,
                path: secret::shown(head.uri.path()),
                dialect: Dialect::of(head),
                request_id: id,
                // In HTTP/2 the connection goes on: the stream alone is reset.
                unread: client.intake.is_unread() && head.version != Version::HTTP_2,
            };
            Answered::Refused(Refused::new(said, &asked, &worker.dates))
        }
    };
    event.record.status = answered.status().as_u16();
    answered.with_event(event)
}

/// Whether the guard let the request through; if not, the head at hand only stands in its place (rulings, 32).
fn guarded(client: &Client) -> Result<(), Refusal> {
    match client.verdict.take() {
        None => Ok(()),
        Some(violation) => {
            client.intake.begin(true);
            Err(Refusal::Guarded(violation))
        }
    }
}

/// Whether there is room for the request.
fn admitted(worker: &Worker, client: &Client, event: &mut Event) -> Result<(), Refusal> {
    let admitted = match client.turned_away {
        Some(overload) => Err(overload),
        None => event.admit(worker.room, client.verdict.head_bytes()),
    };
    admitted.map_err(|overload| {
        if overload.closes() {
            client.intake.begin(true);
        }
        Refusal::Overloaded(overload)
    })
}

/// The walk itself: every way out of it is an answer of the store's or a refusal.
async fn walk(
    worker: &Worker,
    client: &Client,
    request: &Parts,
    body: ClientBody,
    record: &mut Record,
) -> Result<(AnswerHead, Relay), Refusal> {
    let intake = &client.intake;
    let mut classified = classify(request, client.arrival, &worker.endpoints).map_err(|malformed| {
        exposure::in_head(worker, request, record);
        Refusal::Malformed(malformed)
    })?;
    note(record, &classified);
    if classified.facts.customer_key {
        exposure::in_head(worker, request, record);
    }
    let mut posted = None;
    let body = if classified.awaits_form() {
        let look = |form: &Scanner| exposure::in_form(worker, form, record);
        let patience = (&worker.sweep, worker.waits.body_idle);
        // Large, and of forms alone: it does not weigh on the walk of others.
        let read = form::read(&request.headers, worker.form_limits, body, intake, patience, look);
        let (form, unsent) = Box::pin(read).await.map_err(Refusal::from)?;
        classified.read_form(&form).map_err(Refusal::Malformed)?;
        note(record, &classified);
        posted = overwrite::posted(&form);
        unsent.after(form, intake.clone())
    } else {
        RequestBody::new(body).noted_in(intake.clone())
    };
    let body = if request.version == Version::HTTP_2 {
        body.within(Deadline::new(&worker.sweep, worker.waits, client.verdict.clone()))
    } else {
        body
    };
    let mut inquiry = classified.inquire(&worker.policy);
    ask(worker, &classified, &mut inquiry, record).await;
    let facts = inquiry.facts();
    let settled = hidden(worker, &classified, facts, record).unwrap_or_else(|| inquiry.settle());
    let permit = permitted(worker, facts, settled, record)?;
    if let Some(defect) = classified.defect() {
        return Err(Refusal::Defect(defect));
    }
    let transcript = lesson::transcript(&classified);
    let body = match &transcript {
        Some(transcript) => body.copied_to(transcript.clone()),
        None => body,
    };
    if !Verb::of(&request.method).is_some_and(Verb::reads) {
        intake.commit();
    }
    let _overwrite = Overwrite::begin(&worker.knowledge, &classified, posted);
    let mark = worker.knowledge.mark();
    let sent = worker.upstream.send(classified.admit(permit), body);
    let answer = sent.await.map_err(|error| {
        lesson::unanswered(&worker.knowledge, &classified, transcript.as_ref(), &error);
        Refusal::Upstream(error)
    })?;
    record.answered_after = Some(record.started.elapsed());
    let response = match answer {
        Answer::Free(response) => selected(worker, facts, response, record)?,
        Answer::Held(answer) => released(worker, facts, answer, record)?,
    };
    let mut lesson = lesson::learn(&worker.knowledge, &classified, facts, response, transcript, mark);
    let read = lesson.read_ahead(&worker.knowledge, &classified).await;
    read.map_err(Refusal::Upstream)?;
    if let Some(found) = lesson.found
        && record.outcome == Outcome::Allowed
    {
        look_back(worker, facts, found, record);
    }
    Ok(lesson.relay())
}

/// Decides on what the answer to a read tells, and lets it go if it may (rulings, 17).
fn released(worker: &Worker, facts: Facts, answer: Held, record: &mut Record) -> Result<Response, Refusal> {
    let facts = facts.learn(Role::Target, answer.head().told());
    record.told = Told::Response;
    record.decided = Some(facts.target);
    let decision = worker.policy.decide(facts);
    let settled = worker.policy.settle(facts, decision, Unknown::Object);
    let permit = permitted(worker, facts, settled, record)?;
    Ok(answer.release(permit))
}

/// Decides on a selection's answer as well, which says what it was read from: it never relaxes (rulings, 17).
fn selected(
    worker: &Worker,
    facts: Facts,
    response: Response,
    record: &mut Record,
) -> Result<Response, Refusal> {
    if facts.operation != Operation::SelectObjectContent || !response.head.status().is_success() {
        return Ok(response);
    }
    let told = response.head.told();
    for one in told.iter().filter(|one| *one != Encryption::Plain) {
        let facts = facts.found(EncryptionSet::only(one));
        if let decision @ Decision::Deny(_) = worker.policy.decide(facts) {
            record.told = Told::Response;
            record.decided = Some(told);
            drop(permitted(
                worker,
                facts,
                worker.policy.settle(facts, decision, Unknown::Object),
                record,
            )?);
        }
    }
    Ok(response)
}

/// What is known of an object stands against an append that says it begins one: the store alone knows whether it does.
fn hidden(
    worker: &Worker,
    classified: &Classified<'_>,
    facts: Facts,
    record: &mut Record,
) -> Option<Result<Permit, Denial>> {
    if facts.operation != Operation::AppendObject || classified.target == Teller::Object {
        return None;
    }
    let known = worker
        .knowledge
        .ask(Teller::Object, &Names::of(classified))?
        .encryption;
    let (facts, decision) = known
        .iter()
        .map(|one| facts.found(EncryptionSet::only(one)))
        .map(|facts| (facts, worker.policy.decide(facts)))
        .find(|(_, decision)| matches!(decision, Decision::Deny(_)))?;
    record.told = Told::Object;
    record.decided = Some(known);
    Some(worker.policy.settle(facts, decision, Unknown::Object))
}

/// Asks whoever can tell: the state, and the store about a bucket of which the state knows nothing.
async fn ask(worker: &Worker, classified: &Classified<'_>, inquiry: &mut Inquiry<'_>, record: &mut Record) {
    while let Some(teller) = inquiry.question() {
        let known = worker.knowledge.ask(teller, &Names::of(classified));
        let (told, by) = match (known, &worker.lookups) {
            (None, Some(lookups)) if teller == Teller::BucketDefault => {
                // Rare, and large: it does not weigh on the walk of others.
                match Box::pin(lookups.find(classified)).await {
                    Ok(found) => (found, Told::BucketDefaultLookedUp),
                    Err(failed) => {
                        tracing::warn!(
                            request = %record.id, bucket = record.bucket.as_deref(), %failed,
                            "a bucket's default encryption cannot be looked up"
                        );
                        inquiry.fail();
                        continue;
                    }
                }
            }
            (Some(told), _) => (told.encryption, knowledge::told_by(teller, told)),
            (None, _) => {
                inquiry.answer(None);
                continue;
            }
        };
        inquiry.answer(Some(told));
        record.told = by;
        record.decided = Some(inquiry.facts().target);
    }
}

/// Notes a violation that only the answer showed: what it stored is known from now on.
fn look_back(worker: &Worker, facts: Facts, found: EncryptionSet, record: &mut Record) {
    let facts = facts.found(found);
    if let Decision::Deny(rule) = worker.policy.decide(facts) {
        let rule = worker.policy.denial_id(Denial::Rule(rule));
        tracing::warn!(
            request = %record.id, rule, bucket = record.bucket.as_deref(), encryption = %found,
            "a violation was found after the fact: the answer shows what the request did not"
        );
        record.outcome = Outcome::Violated;
        record.told = Told::Response;
        record.decided = Some(found);
        record.rule = Some(rule.to_owned());
    }
}

/// What will show the client where the answer ends.
fn framed(head: &Parts, answer: &AnswerHead) -> Framed {
    if head.version == Version::HTTP_2 {
        Framed::Stream
    } else if head.version == Version::HTTP_10 && answer.length().is_none() {
        Framed::Connection
    } else {
        Framed::Message
    }
}

/// Notes a denial that was waived; one that was not is a refusal.
fn permitted(
    worker: &Worker,
    facts: Facts,
    settled: Result<Permit, Denial>,
    record: &mut Record,
) -> Result<Permit, Refusal> {
    let permit = settled.map_err(|denial| Refusal::Denied { denial, facts })?;
    if let Some(denial) = permit.waived() {
        record.outcome = Outcome::Waived;
        record.rule = Some(worker.policy.denial_id(denial).to_owned());
    }
    Ok(permit)
}

fn note(record: &mut Record, classified: &Classified<'_>) {
    record.operation = Some(classified.facts.operation);
    record.bucket = classified
        .resource
        .bucket
        .map(|bucket| secret::shown(bucket).to_owned());
    record.auth = Some(classified.facts.auth);
    record.signed_in = classified.signed_in;
    record.seen = Some(classified.facts.target);
    record.decided = record.seen;
    record.told = Told::by_request(classified);
}
