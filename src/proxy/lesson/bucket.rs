//! What requests and answers tell of a bucket's default (rulings, 21).

use super::writes;
use crate::{
    classify::{Classified, Teller},
    obs::{
        encryption::{Encryption, EncryptionSet},
        operation::Operation,
        xml::{Document, Fault, bucket_default, may_be_object, stands_alone},
    },
    proxy::{
        body::Transcript,
        knowledge::{Knowledge, Names},
        upstream::{AnswerHead, UpstreamError},
    },
    state::{Evidence, Mark},
};
use http::StatusCode;

/// Learns what a bucket was created with. Some stores say yes to the owner of a bucket that is there already, and change
/// nothing: this never takes the place of what is known, nor of its being unknown, unless it restricts.
pub(super) fn created(knowledge: &Knowledge, names: &Names<'_>, stated: EncryptionSet) {
    let bucket = names.bucket_default();
    if stated.contains(Encryption::SseKms) {
        knowledge.unite(&bucket, stated);
    } else {
        knowledge.unite_known(&bucket, stated);
    }
}

/// Learns a bucket's default from its configuration. What was written and cannot be read may be any but a customer's
/// key; an answer that cannot be read tells nothing, for its client chose how it comes.
pub(super) fn configured(
    knowledge: &Knowledge,
    names: &Names<'_>,
    sent: Mark,
    document: Result<Document, Fault>,
    evidence: Evidence,
) {
    let bucket = names.bucket_default();
    match document.and_then(|document| bucket_default(&document)) {
        Ok(encryption) => {
            knowledge.learn_since(sent, &bucket, EncryptionSet::only(encryption), evidence);
        }
        Err(fault) if evidence == Evidence::Request => {
            tracing::warn!(%fault, "a bucket's encryption configuration cannot be read: its default may be any");
            knowledge.unite(&bucket, EncryptionSet::WITHOUT_CUSTOMER_KEY);
        }
        Err(fault) => {
            tracing::warn!(%fault, "a bucket's encryption configuration cannot be read: nothing is learned of it");
        }
    }
}

/// Learns of a request that the store may have acted on although it gave no answer: only what restricts, for it may as
/// well have refused.
pub(in crate::proxy) fn unanswered(
    knowledge: &Knowledge,
    classified: &Classified<'_>,
    transcript: Option<&Transcript>,
    error: &UpstreamError,
) {
    if !error.may_have_arrived() {
        return;
    }
    let stated = match classified.facts.operation {
        Operation::CreateBucket => classified.facts.target,
        Operation::PutBucketEncryption => transcript
            .and_then(|transcript| bucket_default(&transcript.document().ok()?).ok())
            .map_or(EncryptionSet::WITHOUT_CUSTOMER_KEY, EncryptionSet::only),
        _ => return,
    };
    if stated.contains(Encryption::SseKms) {
        knowledge.unite(&Names::of(classified).bucket_default(), stated);
    }
}

/// Whether the object is put as the documents have it: a query that only some stores know may make it something else,
/// and what is told of that is no default.
pub(super) fn speaks_for_its_bucket(classified: &Classified<'_>) -> bool {
    let documented = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        let of_signing = |prefix: &str| {
            name.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        of_signing("x-") || DOCUMENTED.contains(&name)
    };
    let query = classified.head.uri.query().unwrap_or_default();
    writes(classified.facts.operation, Teller::Nobody)
        && query.split('&').filter(|pair| !pair.is_empty()).all(documented)
}

/// Whether an answer is a whole document about the bucket, as the store wrote it.
pub(super) fn is_about_bucket(head: &AnswerHead) -> bool {
    let headers = head.headers();
    head.status() != StatusCode::PARTIAL_CONTENT && stands_alone(&headers).is_ok() && !may_be_object(&headers)
}

/// What stands in the query of an upload: its operation and its signature.
const DOCUMENTED: [&str; 7] = [
    "uploads",
    "append",
    "position",
    "Signature",
    "Expires",
    "AccessKeyId",
    "AWSAccessKeyId",
];
