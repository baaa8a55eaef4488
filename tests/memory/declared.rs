//! Bucket defaults that the settings declare: what they decide, alone and beside what is learned (rulings, 21).

use crate::{
    harness::{Over, Running, Setup},
    message::{ANONYMOUS, V2, V4, ask},
    store::{Store, reply},
};
use obsgate::{
    obs::{
        bucket_pattern::BucketPattern,
        encryption::{Encryption, EncryptionSet},
    },
    policy::UnknownBucketDefault,
};

const PUT_RULE: &str = "strict.sse-kms.put-object";

/// A store that does everything in silence.
fn silent() -> Store {
    Store::answering(|asked| {
        let done = if asked.is("DELETE") {
            "204 No Content"
        } else {
            "200 OK"
        };
        reply(done, &[], "")
    })
}

fn start(setup: Setup, store: &Store, declared: &[(&str, Encryption)]) -> Running {
    let buckets = declared.iter().map(|(pattern, encryption)| {
        (
            BucketPattern::parse(pattern).unwrap(),
            EncryptionSet::only(*encryption),
        )
    });
    let buckets = buckets.collect();
    setup
        .start(store.address(), |config| config.with_buckets(buckets))
        .unwrap()
}

/// Puts an object without a word of encryption, over HTTP; gives the rule against it, or nothing.
fn put(gate: &Running, bucket: &str) -> String {
    let request = ask(format!("PUT /{bucket}/k")).with(V4).body("x");
    let answer = gate.ask(Over::Http, request.bytes());
    if answer.rule().is_empty() {
        answer.assert_passed();
    } else {
        answer.assert_refused("");
    }
    answer.rule().to_owned()
}

/// Teaches what a bucket encrypts with, by a configuration that the store takes.
fn configure(gate: &Running, algorithm: &str) {
    let document = format!(
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{algorithm}\
         </SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
    );
    let request = ask("PUT /mine?encryption").with(V4).body(document);
    gate.ask(Over::Http, request.bytes()).assert_passed();
}

#[test]
fn an_upload_that_says_nothing_is_decided_by_what_its_bucket_is_declared_to_do() {
    let store = silent();
    for (pattern, fitting, other) in [
        ("mine", ["mine", "MINE"], "mine-too"),
        ("logs-*", ["logs-2025", "logs-0"], "logs"),
        ("logs-*", ["Logs-x", "logs-a.b"], "old-logs-x"),
        ("*", ["mine", "logs-2025"], ""),
    ] {
        let gate = start(Setup::strict(), &store, &[(pattern, Encryption::SseKms)]);
        let mut refused = 0;
        for bucket in fitting {
            let calls = store.calls();
            for (line, rule) in [
                (format!("PUT /{bucket}/k"), PUT_RULE),
                (
                    format!("POST /{bucket}/k?uploads"),
                    "strict.sse-kms.initiate-multipart-upload",
                ),
            ] {
                for (over, sign, code) in [
                    (Over::Http, V4, "InvalidRequest"),
                    (Over::Http, ANONYMOUS, "InvalidRequest"),
                    (Over::Https, V2, "InvalidArgument"),
                ] {
                    let answer = gate.ask(over, ask(&line).with(sign).bytes());
                    assert_eq!(answer.assert_refused(rule).element("Code"), code);
                    refused += 1;
                }
            }
            assert_eq!(store.calls(), calls, "{pattern} {bucket}");
            let plain = ask(format!("PUT /{bucket}/k")).with(V4).body("x");
            gate.ask(Over::Https, plain.clone().bytes()).assert_passed();
            let named = plain.with("x-amz-server-side-encryption: AES256");
            gate.ask(Over::Http, named.bytes()).assert_passed();
        }
        if !other.is_empty() {
            assert_eq!(put(&gate, other), "");
        }
        let told: Vec<_> = gate
            .events()
            .into_iter()
            .filter(|event| event["outcome"] == "refused")
            .map(|event| (event["told_by"].clone(), event["encryption_decided"].clone()))
            .collect();
        let declared = ("bucket default, declared".into(), "sse-kms".into());
        assert_eq!(told, vec![declared; refused]);
    }
}

#[test]
fn a_declaration_answers_where_an_unknown_bucket_would_be_refused() {
    let store = silent();
    let setup = Setup::strict().unknown_bucket_default(UnknownBucketDefault::Any);
    let gate = start(
        setup,
        &store,
        &[("mine", Encryption::Plain), ("logs-*", Encryption::SseObs)],
    );
    for bucket in ["mine", "logs-1"] {
        assert_eq!(put(&gate, bucket), "");
    }
    assert_eq!(put(&gate, "yours"), "unknown.bucket-default");
    let told: Vec<_> = gate
        .events()
        .into_iter()
        .map(|one| one["told_by"].clone())
        .collect();
    assert_eq!(
        told,
        ["bucket default, declared", "bucket default, declared", "nobody"]
    );
}

#[test]
fn what_is_declared_and_what_is_learned_may_both_be_so() {
    let store = silent();
    for (declared, learned, rule, teller, decided) in [
        // What is learned adds nothing.
        (Encryption::SseKms, "kms", PUT_RULE, "declared", "sse-kms"),
        (Encryption::SseObs, "AES256", "", "declared", "sse-obs"),
        // It takes nothing away either.
        (
            Encryption::SseKms,
            "AES256",
            PUT_RULE,
            "learned",
            "sse-kms|sse-obs",
        ),
        // And it may add what stands against the upload.
        (Encryption::SseObs, "kms", PUT_RULE, "learned", "sse-kms|sse-obs"),
        (Encryption::Plain, "kms", PUT_RULE, "learned", "none|sse-kms"),
        (Encryption::Plain, "AES256", "", "learned", "none|sse-obs"),
    ] {
        let gate = start(Setup::strict(), &store, &[("mi*", declared)]);
        let before = put(&gate, "mine");
        configure(&gate, learned);
        let calls = store.calls();
        assert_eq!(put(&gate, "mine"), rule, "{declared} {learned}");
        assert_eq!(store.calls() - calls, usize::from(rule.is_empty()));
        // What is learned is forgotten; a declaration never is.
        let delete = ask("DELETE /mine?encryption").with(V4);
        gate.ask(Over::Http, delete.bytes()).assert_passed();
        assert_eq!(put(&gate, "mine"), before, "{declared} {learned}");
        let events = gate.events();
        assert_eq!(events[0]["told_by"], "bucket default, declared");
        assert_eq!(
            (
                events[2]["told_by"].as_str(),
                events[2]["encryption_decided"].as_str()
            ),
            (Some(&*format!("bucket default, {teller}")), Some(decided))
        );
    }
}

#[test]
fn what_only_some_stores_read_in_a_query_does_not_take_the_place_of_the_declared_default() {
    let store = silent();
    let gate = start(Setup::strict(), &store, &[("mine", Encryption::SseKms)]);
    for name in [
        "x_obs_server_side_encryption",
        "x-obs-server-side-encryption",
        "X-Amz-Server-Side-Encryption",
    ] {
        for (line, rule) in [
            ("PUT /mine/k?", PUT_RULE),
            (
                "POST /mine/k?uploads&",
                "strict.sse-kms.initiate-multipart-upload",
            ),
        ] {
            for sign in [ANONYMOUS, V4] {
                let request = ask(format!("{line}{name}=AES256")).with(sign);
                gate.ask(Over::Http, request.bytes()).assert_refused(rule);
            }
        }
    }
    assert_eq!(store.calls(), 0);
    let presigned = "PUT /mine/k?x-obs-server-side-encryption=AES256&AccessKeyId=AK&Expires=1&Signature=c2ln";
    gate.ask(Over::Http, ask(presigned).body("x").bytes())
        .assert_passed();
}
