//! The documents that tell what a bucket encrypts with, and the heads that come with them: which are read, and what is
//! known where they are not (rulings, 21).

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, V4, ask},
    store::{Store, reply},
};
use obsgate::policy::UnknownBucketDefault;

const CONFIGURED: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>\
                          AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
const ABSENT: &str = "<Error><Code>NoSuchEncryptionConfiguration</Code></Error>";
const UNKNOWN: &str = "unknown.bucket-default";

/// A gate that refuses what goes into an unknown bucket.
fn wary(store: &Store) -> Running {
    Setup::strict()
        .unknown_bucket_default(UnknownBucketDefault::Any)
        .before(store.address())
}

/// Puts an object without a word of encryption, over HTTP.
fn put(gate: &Running) -> Answer {
    gate.ask(Over::Http, ask("PUT /mine/k").with(V4).body("x").bytes())
}

/// The rule that stands against a plain upload once the store has answered a question for the configuration so.
fn rule_after(status: &'static str, headers: &[&'static str], document: &str) -> String {
    let (headers, document) = (headers.to_vec(), document.to_owned());
    let store = Store::answering(move |asked| {
        if asked.is("GET") {
            reply(status, &headers, &document)
        } else {
            reply("200 OK", &[], "")
        }
    });
    let gate = wary(&store);
    let answer = gate.ask(Over::Https, ask("GET /mine?encryption").with(V4).bytes());
    assert!(answer.rule().is_empty(), "{answer:?}");
    put(&gate).rule().to_owned()
}

#[test]
fn an_answer_that_may_be_an_object_tells_nothing_of_its_bucket() {
    for (status, document) in [("200 OK", CONFIGURED), ("404 Not Found", ABSENT)] {
        for headers in [
            &[][..],
            &["Content-Type: application/xml"],
            &["Content-Type: text/XML; charset=UTF-8", "x-obs-request-id: 1"],
        ] {
            assert_eq!(rule_after(status, headers, document), "", "{headers:?}");
        }
        for headers in [
            &["ETag: \"e\""][..],
            &["Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT"],
            &["x-obs-version-id: v", "Content-Type: application/xml"],
            &["x-amz-version-id: null"],
            &["x-obs-server-side-encryption: AES256"],
            &["x-amz-server-side-encryption-customer-algorithm: AES256"],
            &["Content-Type: text/html"],
            &["Content-Type: text/plain; type=application/xml"],
            &["Content-Type: application/xml", "Content-Type: text/html"],
        ] {
            assert_eq!(rule_after(status, headers, document), UNKNOWN, "{headers:?}");
        }
    }
}
