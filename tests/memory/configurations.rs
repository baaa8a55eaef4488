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

/// The rule that stands against a plain upload once the store has taken a configuration with this header.
fn rule_after_put(header: &str, document: &str) -> String {
    let store = Store::answering(|_| reply("200 OK", &[], ""));
    let gate = wary(&store);
    let configure = ask("PUT /mine?encryption").with(V4).with(header).body(document);
    gate.ask(Over::Https, configure.bytes()).assert_passed();
    let told = put(&gate).rule().to_owned();
    assert_eq!(store.asked().first().unwrap().body, document.as_bytes());
    told
}

#[test]
fn a_document_in_another_character_set_may_say_anything() {
    let utf_7 = "text/xml; charset=utf-7";
    for (media_type, declaration, read) in [
        ("text/xml", "", true),
        ("application/xml; charset=utf-8", "<?xml version='1.0'?>", true),
        (
            "application/xml; Charset=\"UTF-8\"",
            "<?xml version=\"1.0\" encoding = \"Utf-8\"?>",
            true,
        ),
        ("text/xml", "<?xml version='1.0' encoding='UTF-7'?>", false),
        ("text/xml", "<?xml version='1.0' encoding='iso-8859-1'?>", false),
        (
            "text/xml; charset=utf-8",
            "<?xml version='1.0' encoding='utf-16'?>",
            false,
        ),
        (utf_7, "", false),
        (utf_7, "<?xml version='1.0' encoding='utf-8'?>", false),
    ] {
        let document = format!("{declaration}{CONFIGURED}");
        let header = format!("Content-Type: {media_type}");
        let rule = rule_after_put(&header, &document);
        assert_eq!(rule.is_empty(), read, "{media_type} {declaration} {rule}");
        // It was written: it is known to be anything, and not unknown.
        assert_ne!(rule, UNKNOWN);
        let header = header.leak();
        for (status, document) in [
            ("200 OK", document),
            ("404 Not Found", format!("{declaration}{ABSENT}")),
        ] {
            let expected = if read { "" } else { UNKNOWN };
            assert_eq!(rule_after(status, &[header], &document), expected, "{document}");
        }
    }
}

#[test]
fn identity_is_no_coding_of_a_configuration() {
    for (header, read) in [
        ("Content-Encoding: identity", true),
        ("content-encoding: IDENTITY", true),
        ("Content-Encoding: gzip", false),
        ("Content-Encoding: identity, gzip", false),
        ("Content-Encoding: identity\r\nContent-Encoding: gzip", false),
        ("Content-Encoding: aws-chunked", false),
    ] {
        let rule = rule_after_put(header, CONFIGURED);
        assert_eq!(rule.is_empty(), read, "{header} {rule}");
        let expected = if read { "" } else { UNKNOWN };
        assert_eq!(rule_after("200 OK", &[header], CONFIGURED), expected, "{header}");
    }
}
