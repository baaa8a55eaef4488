//! What an answer teaches, and what is forgotten because of it (rulings, 20 and 21).

mod bucket;

pub(super) use bucket::unanswered;

use super::{
    body::Transcript,
    knowledge::{Knowledge, Names},
    relay::Relay,
    upstream::{AnswerHead, Response, UpstreamError},
};
use crate::{
    classify::{Classified, Teller},
    obs::{
        encryption::{Encryption, EncryptionSet},
        operation::Operation,
        xml::{
            CONFIGURATION_LIMIT, DocumentPrefix, Fault, UploadBegun, Verdict, VerdictReader, has_no_default,
            stands_alone,
        },
    },
    policy::Facts,
    state::{Evidence, Mark},
};
use bucket::{configured, created, is_about_bucket, speaks_for_its_bucket};
use bytes::Bytes;
use http::StatusCode;
use http_body::Frame;
use http_body_util::BodyExt;
use std::{collections::VecDeque, time::Duration};
use tokio::time::timeout;

/// An answer, with what was read ahead of it and who listens to the rest.
pub(super) struct Lesson {
    response: Response,
    ahead: VecDeque<Frame<Bytes>>,
    listener: Option<Box<Listener>>,
    /// What the answer shows that the target is encrypted with, where the request could not tell.
    pub(super) found: Option<EncryptionSet>,
    /// What an upload is encrypted with whose id is in the body.
    begun: Option<EncryptionSet>,
}

/// Reads along with an answer's body, and learns from it.
#[derive(Debug)]
pub(super) struct Listener {
    knowledge: Knowledge,
    names: Names<'static>,
    listens_for: ListensFor,
}

#[derive(Debug)]
enum ListensFor {
    /// Whether the upload is complete, or failed under a 200.
    Completion(VerdictReader),
    /// What the bucket encrypts with, asked at this mark.
    Configuration(DocumentPrefix, Mark),
    /// Whether it is the configuration that was not found, and not the bucket.
    Absence(DocumentPrefix, Mark),
}

/// A place for a copy of the request's body, where the body is what teaches.
pub(super) fn transcript(classified: &Classified<'_>) -> Option<Transcript> {
    let configures = classified.facts.operation == Operation::PutBucketEncryption;
    configures.then(|| Transcript::new(CONFIGURATION_LIMIT))
}

/// Learns from the head of the answer to a request that was sent at this mark.
pub(super) fn learn(
    knowledge: &Knowledge,
    classified: &Classified<'_>,
    facts: Facts,
    response: Response,
    transcript: Option<Transcript>,
    sent: Mark,
) -> Lesson {
    let operation = classified.facts.operation;
    let mut lesson = Lesson {
        response,
        ahead: VecDeque::new(),
        listener: None,
        found: None,
        begun: None,
    };
    let status = lesson.response.head.status();
    if !teaches(operation, status) {
        return lesson;
    }
    let names = Names::of(classified);
    let told = lesson.response.head.told();
    let spoken = told != PLAIN;
    if spoken {
        lesson.found = shown(knowledge, &names, classified, facts, told);
    }
    let stored = || {
        if spoken {
            told
        } else {
            unspoken(knowledge, &names, classified)
        }
    };
    match operation {
        Operation::InitiateMultipartUpload => lesson.begun = Some(stored()),
        Operation::UploadPart | Operation::UploadPartCopy if spoken => {
            drop(knowledge.learn(&names.this_upload(), told, Evidence::Response));
        }
        Operation::AppendObject if spoken || classified.target != Teller::Object => {
            knowledge.unite(&names.object(), stored());
        }
        Operation::CompleteMultipartUpload => {
            let reader = VerdictReader::default();
            lesson.listener = Some(Listener::new(knowledge, names, ListensFor::Completion(reader)));
        }
        Operation::AbortMultipartUpload => knowledge.forget(&names.this_upload()),
        Operation::CreateBucket if facts.target != PLAIN => created(knowledge, &names, facts.target),
        Operation::DeleteBucket => knowledge.forget_since(sent, &names.bucket_default()),
        Operation::PutBucketEncryption => {
            let document = stands_alone(&classified.head.headers)
                .and_then(|()| transcript.ok_or(Fault::NotXml)?.document());
            configured(knowledge, &names, sent, document, Evidence::Request);
        }
        Operation::DeleteBucketEncryption => {
            knowledge.learn_since(sent, &names.bucket_default(), PLAIN, Evidence::Request);
        }
        Operation::GetBucketEncryption if is_about_bucket(&lesson.response.head) => {
            let listens_for = ListensFor::configuration(status, sent);
            lesson.listener = Some(Listener::new(knowledge, names, listens_for));
        }
        _ => {}
    }
    lesson
}

impl ListensFor {
    /// What an answer of this status says of a bucket's configuration.
    fn configuration(status: StatusCode, sent: Mark) -> Self {
        let prefix = DocumentPrefix::new(CONFIGURATION_LIMIT);
        if status == StatusCode::NOT_FOUND {
            Self::Absence(prefix, sent)
        } else {
            Self::Configuration(prefix, sent)
        }
    }
}

impl Lesson {
    /// Learns from the first bytes of the body where the client must not have it before.
    ///
    /// # Errors
    /// The answer broke off before what had to be read of it.
    pub(super) async fn read_ahead(
        &mut self,
        knowledge: &Knowledge,
        classified: &Classified<'_>,
    ) -> Result<(), UpstreamError> {
        match self.begun {
            // Rare, and large: it does not weigh on the answers of which nothing is read ahead.
            Some(encryption) => Box::pin(begun(knowledge, &Names::of(classified), encryption, self)).await,
            None => Ok(()),
        }
    }

    /// The answer, to be passed on.
    pub(super) fn relay(self) -> (AnswerHead, Relay) {
        let Self {
            response,
            ahead,
            listener,
            ..
        } = self;
        (response.head, Relay::new(ahead, response.body, listener))
    }
}

impl Listener {
    fn new(knowledge: &Knowledge, names: Names<'_>, listens_for: ListensFor) -> Box<Self> {
        Box::new(Self {
            knowledge: knowledge.clone(),
            names: names.into_owned(),
            listens_for,
        })
    }

    /// Takes the next bytes of the body.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        match &mut self.listens_for {
            ListensFor::Completion(reader) => drop(reader.feed(bytes)),
            ListensFor::Configuration(prefix, _) | ListensFor::Absence(prefix, _) => prefix.push(bytes),
        }
    }

    /// The body has ended, whole.
    pub(super) fn end(self) {
        match self.listens_for {
            ListensFor::Completion(reader) => {
                if reader.finish() == Verdict::Success {
                    self.knowledge.forget(&self.names.this_upload());
                }
            }
            ListensFor::Configuration(prefix, sent) => {
                let document = prefix.finish_alone();
                configured(&self.knowledge, &self.names, sent, document, Evidence::Response);
            }
            ListensFor::Absence(prefix, sent) => {
                if prefix.finish().is_ok_and(|document| has_no_default(&document)) {
                    let bucket = self.names.bucket_default();
                    self.knowledge
                        .learn_since(sent, &bucket, PLAIN, Evidence::Response);
                }
            }
        }
    }
}

/// Whether an answer with this status is worth looking at: only those that said yes, where a form may be answered with
/// a redirection (obs-facts §5), and the 404 of a bucket that has no default encryption. An object's answer to a read
/// is told by the next one again, so nothing is learned of it.
fn teaches(operation: Operation, status: StatusCode) -> bool {
    match operation {
        Operation::GetObject | Operation::HeadObject => false,
        Operation::PostObject if status == StatusCode::SEE_OTHER => true,
        Operation::GetBucketEncryption if status == StatusCode::NOT_FOUND => true,
        _ => status.is_success(),
    }
}

/// What a write's answer shows: it teaches of the bucket, and is decided on after the fact.
fn shown(
    knowledge: &Knowledge,
    names: &Names<'_>,
    classified: &Classified<'_>,
    facts: Facts,
    told: EncryptionSet,
) -> Option<EncryptionSet> {
    if !writes(facts.operation, classified.target) {
        return None;
    }
    let bucket = names.bucket_default();
    let restricts = told.contains(Encryption::SseKms);
    let teaches = match classified.target {
        // A default is never a customer key: what may be one was there before, and tells nothing of the bucket. Nor does
        // an answer to what may have been stated, unless it restricts.
        Teller::BucketDefault => {
            !classified.facts.target.contains(Encryption::SseC)
                && (restricts || classified.facts.also.is_none())
        }
        // It was stored otherwise than it asked for: a store may put the bucket's default first.
        _ => restricts && facts.target.narrow(told).is_none(),
    };
    if teaches && (restricts || speaks_for_its_bucket(classified)) {
        knowledge.unite(&bucket, told);
    } else if teaches {
        knowledge.unite_known(&bucket, told);
    }
    Some(told)
}

/// What was stored where the answer is silent: what the request stated, or what is known of the bucket; nothing if
/// neither says. Not the facts that were decided on, for the bucket is not asked where it makes no difference.
fn unspoken(knowledge: &Knowledge, names: &Names<'_>, classified: &Classified<'_>) -> EncryptionSet {
    if classified.target == Teller::Nobody {
        return classified.facts.target;
    }
    let default = knowledge
        .ask(Teller::BucketDefault, names)
        .map_or(PLAIN, |told| told.encryption);
    match classified.facts.also {
        // Stated where only some stores read it (rulings, 11).
        Some(also)
            if matches!(
                also.operation,
                Operation::InitiateMultipartUpload | Operation::AppendObject
            ) =>
        {
            default.union(also.target)
        }
        _ => default,
    }
}

/// Keeps an upload before the bytes that carry its id are released (rulings, 20).
async fn begun(
    knowledge: &Knowledge,
    names: &Names<'_>,
    encryption: EncryptionSet,
    lesson: &mut Lesson,
) -> Result<(), UpstreamError> {
    let mut prefix = UploadBegun::prefix();
    let read = loop {
        match prefix.read() {
            Ok(None) => {}
            Ok(Some(document)) => break UploadBegun::of(&document),
            Err(fault) => break Err(fault),
        }
        let Some(frame) = lesson.response.body.frame().await.transpose()? else {
            break prefix.finish().and_then(|document| UploadBegun::of(&document));
        };
        if let Some(data) = frame.data_ref() {
            prefix.push(data);
        }
        lesson.ahead.push_back(frame);
    };
    let begun = match read {
        Ok(begun) => begun,
        Err(fault) => {
            tracing::warn!(%fault, "the answer to InitiateMultipartUpload names no upload: its parts will be unknown");
            return Ok(());
        }
    };
    let ticket = knowledge.learn(&names.upload(begun.id.as_bytes()), encryption, Evidence::Response);
    match timeout(DURABLE_WITHIN, ticket).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "an upload is known only until the gate restarts"),
        Err(_) => {
            tracing::error!("an upload is known only until the gate restarts: the state file is too slow");
        }
    }
    Ok(())
}

/// Whether the answer to a write shows what was stored.
const fn writes(operation: Operation, teller: Teller) -> bool {
    matches!(
        operation,
        Operation::PutObject
            | Operation::CopyObject
            | Operation::PostObject
            | Operation::InitiateMultipartUpload
            | Operation::AppendObject
            | Operation::UploadPart
            | Operation::UploadPartCopy
    ) || matches!(teller, Teller::BucketDefault)
}

const PLAIN: EncryptionSet = EncryptionSet::only(Encryption::Plain);
/// How long an upload's id waits for the state file at most.
const DURABLE_WITHIN: Duration = Duration::from_secs(5);
