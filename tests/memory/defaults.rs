//! Bucket defaults: from whom they are learned, and what they then decide (rulings, 21 and 22).

use crate::{
    harness::{DOMAIN, Over, Running, Setup},
    message::{ANONYMOUS, Answer, KMS, OBS, V2, V4, ask, trio},
    store::{Asked, Store, chunked, reply, reply_in_chunks},
};
use obsgate::{config::Builtin, policy::UnknownBucketDefault};

const CONFIGURED: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>\
                          kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";

const OBS_KEYS: &str = "x-amz-server-side-encryption: AES256";

/// A store that answers an upload with success in silence, and all else so.
fn answering(answer: impl Into<String>) -> Store {
    let answer = answer.into();
    Store::answering(move |asked| {
        if is_upload(asked) {
            reply("200 OK", &[], "")
        } else {
            answer.clone()
        }
    })
}

fn is_upload(asked: &Asked) -> bool {
    asked.line().contains("/mine/k") || asked.line().contains("/yours/k")
}

/// Puts an object without a word of encryption, over HTTP.
fn put(gate: &Running) -> Answer {
    gate.ask(Over::Http, ask("PUT /mine/k").with(V4).body("x").bytes())
}

/// What is known of the bucket: the rule that a plain upload over HTTP is refused by, if it is known to be SSE-KMS.
#[track_caller]
fn assert_known(gate: &Running, store: &Store) {
    let calls = store.calls();
    let uploads = [
        ask("PUT /mine/k").body("x"),
        ask("PUT /MINE/k").body("x"),
        ask("POST /mine/k?uploads"),
        ask("POST /mine/k?append&position=0").body("x"),
        ask("PUT /mine/k").with("x-obs-copy-source: /mine/source"),
    ];
    for request in uploads {
        for (over, sign, code) in [
            (Over::Http, V4, "InvalidRequest"),
            (Over::Http, ANONYMOUS, "InvalidRequest"),
            (Over::Https, V2, "InvalidArgument"),
        ] {
            let answer = gate.ask(over, request.clone().with(sign).bytes());
            assert_eq!(answer.assert_refused("").element("Code"), code, "{answer:?}");
            assert!(!answer.rule().starts_with("unknown"), "{answer:?}");
        }
    }
    assert_eq!(store.calls(), calls);
    gate.ask(Over::Https, ask("PUT /mine/k").with(V4).body("x").bytes())
        .assert_passed();
    let named = ask("PUT /mine/k")
        .with(V4)
        .with("x-amz-server-side-encryption: AES256");
    gate.ask(Over::Http, named.body("x").bytes()).assert_passed();
    gate.ask(Over::Http, ask("PUT /yours/k").with(V4).body("x").bytes())
        .assert_passed();
}

/// Sends a request whose answer teaches that the bucket encrypts with SSE-KMS.
fn teach(gate: &Running) {
    let request = ask("PUT /mine?encryption").with(V4).body(CONFIGURED);
    gate.ask(Over::Http, request.bytes()).assert_passed();
}

#[test]
fn a_default_is_learned_from_everything_that_tells_of_it() {
    let ok = reply("200 OK", &[], "");
    for (request, answer) in [
        (ask("PUT /mine").with(KMS), ok.clone()),
        (
            ask("PUT /mine").with("x-amz-server-side-encryption: aws:kms"),
            ok.clone(),
        ),
        (
            ask("PUT /mine").with("x-obs-server-side-encryption-kms-key-id: k"),
            ok.clone(),
        ),
        (ask("PUT /mine?encryption").body(CONFIGURED), ok.clone()),
        (
            ask("PUT /mine/?encryption=").body(CONFIGURED.replace(">kms<", ">aws:kms<")),
            ok.clone(),
        ),
        (
            ask("PUT /mine?encryption").body(format!(
                "<?xml version=\"1.0\"?>\n<!-- {} -->{CONFIGURED}",
                " ".repeat(19 << 10)
            )),
            ok,
        ),
        (ask("GET /mine?encryption"), reply("200 OK", &[], CONFIGURED)),
        (
            ask("GET /mine?encryption"),
            String::from_utf8(reply_in_chunks(&[], CONFIGURED, 1, "")).unwrap(),
        ),
        (ask("PUT /mine/plain").body("x"), reply("200 OK", &[KMS], "")),
        (ask("POST /mine/plain?uploads"), reply("200 OK", &[KMS], "")),
        (
            ask("POST /mine/plain?append&position=0"),
            reply("200 OK", &[KMS], ""),
        ),
        (
            ask("PUT /mine/plain").with("x-obs-copy-source: /mine/source"),
            reply("200 OK", &[KMS], ""),
        ),
    ] {
        let store = answering(answer);
        let gate = Setup::strict().before(store.address());
        gate.ask(Over::Https, request.with(V4).bytes()).assert_passed();
        assert_known(&gate, &store);
        let events = gate.events();
        assert_eq!(events[1]["told_by"], "bucket default, learned");
        assert_eq!(events[1]["encryption_decided"], "sse-kms");
    }
}

#[test]
fn a_refusal_of_the_stores_teaches_nothing() {
    for status in [
        "403 Forbidden",
        "404 Not Found",
        "409 Conflict",
        "500 Internal Server Error",
    ] {
        for request in [
            ask("PUT /mine").with(KMS),
            ask("PUT /mine?encryption").body(CONFIGURED),
            ask("GET /mine?encryption"),
            ask("PUT /mine/plain").body("x"),
        ] {
            let store = answering(reply(status, &[KMS], CONFIGURED));
            let gate = Setup::strict().before(store.address());
            let answer = gate.ask(Over::Https, request.with(V4).bytes());
            assert_eq!(answer.text(), CONFIGURED);
            put(&gate).assert_passed();
        }
    }
}

#[test]
fn the_bodies_that_teach_pass_byte_for_byte() {
    let store = answering(reply("200 OK", &["x-mark: 1"], CONFIGURED));
    let gate = Setup::strict().before(store.address());
    let document = format!("{CONFIGURED}\n<!-- and more -->");
    let request = ask("PUT /mine?encryption").with(V4).body(&document);
    gate.ask(Over::Http, request.bytes()).assert_passed();
    let head = format!(
        "PUT /mine?encryption HTTP/1.1\r\nHost: {DOMAIN}\r\n{V4}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunked = [head.as_bytes(), &chunked(&document, 1), b"\r\n"].concat();
    gate.ask(Over::Http, chunked).assert_passed();
    for asked in store.asked() {
        assert_eq!(String::from_utf8_lossy(&asked.body), document);
    }
    let got = gate.ask(Over::Http, ask("GET /mine?encryption").with(V4).bytes());
    assert_eq!(
        (got.text().as_str(), got.header("x-mark")),
        (CONFIGURED, Some("1"))
    );
}

/// A store that takes what is written, and answers anything else so.
fn taking_writes(answer: String) -> Store {
    Store::answering(move |asked| {
        if is_upload(asked) || asked.is("PUT") {
            reply("200 OK", &[], "")
        } else {
            answer.clone()
        }
    })
}

/// A store that goes by AWS's signature may know no `x-obs-` name, and a native one no `x-amz-`.
#[test]
fn what_is_stated_in_the_other_dialect_does_not_take_the_place_of_what_was_learned() {
    let store = answering(reply("200 OK", &[], ""));
    let gate = Setup::strict().before(store.address());
    teach(&gate);
    let calls = store.calls();
    let (obs, amz) = ("x-obs-server-side-encryption: AES256", OBS_KEYS);
    for (sign, own, other) in [(V4, amz, obs), (V2, amz, obs), (OBS, obs, amz)] {
        for request in [
            ask("PUT /mine/k").body("x"),
            ask("POST /mine/k?uploads"),
            ask("POST /mine/k?append&position=0").body("x"),
            ask("PUT /mine/k").with("x-amz-copy-source: /yours/source"),
        ] {
            let answer = gate.ask(Over::Http, request.with(sign).with(other).bytes());
            assert_eq!(answer.assert_refused("strict.").element("Code"), "InvalidRequest");
        }
        let request = ask("PUT /mine/k").with(sign).with(own).body("x");
        gate.ask(Over::Http, request.bytes()).assert_passed();
    }
    assert_eq!(store.calls(), calls + 3);
    let calls = store.calls();
    for with in [obs, amz] {
        let request = ask("PUT /mine/k").with(ANONYMOUS).with(with).body("x");
        gate.ask(Over::Http, request.bytes()).assert_refused("strict.");
        let keyed = if with == obs { trio("obs") } else { trio("amz") };
        let sign = if with == obs { V2 } else { OBS };
        let request = ask("PUT /mine/k").with(sign).with_all(keyed).body("x");
        gate.ask(Over::Https, request.bytes()).assert_refused("strict.");
    }
    assert_eq!(store.calls(), calls);
    let both = ask("PUT /mine/k").with(obs).with(amz).body("x");
    gate.ask(Over::Http, both.bytes()).assert_passed();
}

#[test]
fn what_else_some_stores_take_off_a_bucket_leaves_its_default() {
    let store = taking_writes(reply("204 No Content", &[], ""));
    let gate = Setup::strict().before(store.address());
    teach(&gate);
    for target in [
        "/mine?intelligent-tiering&id=a",
        "/mine?versions",
        "/mine?acl",
        "/mine?encryption&metadataTable",
        "/mine?x-obs-foo",
        "/mine?encryption&x-amz-foo",
    ] {
        gate.ask(Over::Http, ask(format!("DELETE {target}")).with(V4).bytes());
        put(&gate).assert_refused("");
    }
    let target = "/mine?x-id=DeleteBucket&x-amz-expected-bucket-owner=1&X-Amz-User-Agent=a%2F1";
    gate.ask(Over::Http, ask(format!("DELETE {target}")).with(V4).bytes())
        .assert_passed();
    put(&gate).assert_passed();
}

#[test]
fn a_default_is_unlearned_from_what_removes_it() {
    let missing = |code: &str| {
        let error = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
        reply("404 Not Found", &[], &error)
    };
    for (request, answer, known) in [
        (
            ask("DELETE /mine?encryption"),
            reply("204 No Content", &[], ""),
            false,
        ),
        (ask("DELETE /mine?encryption"), reply("200 OK", &[], ""), false),
        (
            ask("DELETE /mine?encryption"),
            reply("403 Forbidden", &[], ""),
            true,
        ),
        (ask("DELETE /mine"), reply("204 No Content", &[], ""), false),
        (ask("DELETE /mine"), reply("409 Conflict", &[], ""), true),
        (
            ask("GET /mine?encryption"),
            missing("NoSuchEncryptionConfiguration"),
            false,
        ),
        (
            ask("GET /mine?encryption"),
            missing("ServerSideEncryptionConfigurationNotFoundError"),
            false,
        ),
        (ask("GET /mine?encryption"), missing("NoSuchBucket"), true),
        (ask("GET /mine?encryption"), missing("NoSuchBucketPolicy"), true),
        (ask("GET /mine?encryption"), reply("404 Not Found", &[], ""), true),
        (
            ask("GET /mine?encryption"),
            reply("403 Forbidden", &[], CONFIGURED),
            true,
        ),
    ] {
        let store = taking_writes(answer);
        let gate = Setup::strict().before(store.address());
        teach(&gate);
        put(&gate).assert_refused("");
        gate.ask(Over::Http, request.with(V4).bytes());
        let answer = put(&gate);
        assert_eq!(answer.rule().is_empty(), !known, "{:?} {answer:?}", store.asked());
    }
}

#[test]
fn no_other_subresource_can_speak_for_the_encryption() {
    let store = Store::answering(|asked| {
        if asked.is("PUT") {
            reply("200 OK", &[], "")
        } else {
            reply("204 No Content", &[], "")
        }
    });
    let gate = Setup::strict().before(store.address());
    teach(&gate);
    let calls = store.calls();
    for other in [
        "lifecycle",
        "policy",
        "acl",
        "tagging",
        "website",
        "uploads",
        "location",
    ] {
        for line in ["DELETE", "GET", "PUT"] {
            for query in [format!("encryption&{other}"), format!("{other}&encryption")] {
                let request = ask(format!("{line} /mine?{query}")).with(V4);
                gate.ask(Over::Https, request.bytes())
                    .assert_refused("malformed.subresources-together");
            }
        }
    }
    assert_eq!(store.calls(), calls);
    put(&gate).assert_refused("");
}

#[test]
fn a_configuration_that_cannot_be_read_relaxes_nothing() {
    let large = format!("<!--{}-->{CONFIGURED}", " ".repeat(20 << 10));
    let plain = CONFIGURED.replace(">kms<", ">AES256<");
    let unread = [
        "",
        "kms",
        "<Error/>",
        "{\"SSEAlgorithm\":\"AES256\"}",
        CONFIGURED.split_at(60).0,
        &CONFIGURED.replace(">kms<", ">KMS<"),
        &CONFIGURED.replace(">kms<", "><"),
        &plain.replace("</SSEAlgorithm>", "</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>"),
        &plain.replace("</SSEAlgorithm>", "</SSEAlgorithm><KMSDataEncryption>SM4</KMSDataEncryption>"),
        &plain.replace("<Rule>", "<!-- x --><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule><Rule>"),
        &format!("<!DOCTYPE a>{plain}"),
        &format!("{plain}{CONFIGURED}"),
        &format!("{plain}<a/>"),
        &format!("{plain}kms"),
        &format!("{plain}{}", " ".repeat(70 << 10)),
        &format!("1f;chunk-signature=0\r\n{plain}\r\n"),
        &large,
    ];
    for document in unread {
        for write in [true, false] {
            for known in [true, false] {
                let told = document.to_owned();
                let store = Store::answering(move |asked| {
                    reply("200 OK", &[], if asked.is("GET") { &told } else { "" })
                });
                let gate = Setup::strict().before(store.address());
                if known {
                    teach(&gate);
                }
                let request = if write {
                    ask("PUT /mine?encryption").body(document)
                } else {
                    ask("GET /mine?encryption")
                };
                gate.ask(Over::Http, request.with(V4).bytes()).assert_passed();
                let answer = put(&gate);
                assert_eq!(
                    answer.rule().is_empty(),
                    !known && !write,
                    "{document} {answer:?}"
                );
            }
        }
    }
}

#[test]
fn an_answer_that_is_coded_or_a_part_changes_nothing() {
    let plain = CONFIGURED.replace(">kms<", ">AES256<");
    for (status, header) in [
        ("206 Partial Content", "x-mark: 1"),
        ("200 OK", "Content-Range: bytes 0-19/300"),
        ("200 OK", "Content-Encoding: gzip"),
    ] {
        let plain = plain.clone();
        let store = Store::answering(move |asked| {
            let (headers, body) = ([header], plain.as_str());
            if asked.is("GET") {
                reply(status, &headers, body)
            } else {
                reply("200 OK", &[], "")
            }
        });
        let gate = Setup::strict().before(store.address());
        teach(&gate);
        gate.ask(Over::Http, ask("GET /mine?encryption").with(V4).bytes());
        put(&gate).assert_refused("");
    }
}

#[test]
fn one_object_does_not_speak_against_what_is_known_of_its_bucket() {
    for request in [
        ask("PUT /mine/other").body("x"),
        ask("PUT /mine/other?torrent").body("x"),
        ask("PUT /mine/other").with("x-obs-copy-source: /mine/source"),
        ask("POST /mine/other?append&position=0").body("x"),
        ask("POST /mine/other?uploads"),
    ] {
        let store = answering(reply("200 OK", &[OBS_KEYS], CONFIGURED));
        let gate = Setup::strict().before(store.address());
        teach(&gate);
        gate.ask(Over::Https, request.with(V4).bytes()).assert_passed();
        put(&gate).assert_refused("");
    }
}

#[test]
fn an_unknown_subresource_says_nothing_that_relaxes() {
    let store = answering(reply("200 OK", &[OBS_KEYS], ""));
    for (target, known) in [("/mine/other", true), ("/mine/other?torrent", false)] {
        let gate = Setup::strict()
            .unknown_bucket_default(UnknownBucketDefault::Any)
            .before(store.address());
        let request = ask(format!("PUT {target}")).with(V4).body("x");
        gate.ask(Over::Https, request.bytes()).assert_passed();
        assert_eq!(put(&gate).rule().is_empty(), known, "{target}");
    }
}

#[test]
fn an_answer_that_contradicts_what_was_stated_is_a_violation_and_teaches() {
    let store = Store::answering(|asked| {
        let told = if is_upload(asked) { "x-mark: 1" } else { KMS };
        reply("200 OK", &[told], "")
    });
    let gate = Setup::strict().before(store.address());
    put(&gate).assert_passed();
    let stated = ask("PUT /mine/other").with(V4).with(OBS_KEYS).body("x");
    gate.ask(Over::Http, stated.bytes()).assert_passed();
    put(&gate).assert_refused("");
    let events = gate.events();
    assert_eq!(events[1]["outcome"], "violated");
    assert_eq!(events[1]["told_by"], "response");
}

#[test]
fn first_contact_with_a_kms_bucket_is_a_violation_found_after_the_fact_and_the_last() {
    for profile in [Builtin::Strict, Builtin::Huawei, Builtin::OtcS3] {
        let store = Store::answering(|_| reply("200 OK", &[KMS], ""));
        let gate = Setup::of(profile).before(store.address());
        put(&gate).assert_passed();
        let violated = "obsgate_requests_total{outcome=\"violated\"}";
        // The event is counted when the connection is done with the answer.
        let refused = put(&gate);
        assert_eq!(
            (refused.assert_refused("").element("Code").as_str(), store.calls()),
            ("InvalidRequest", 1)
        );
        assert_eq!(gate.counted(violated), 1);
        let rule = refused.rule().to_owned();
        let events = gate.events();
        assert_eq!(events[0]["outcome"], "violated");
        assert_eq!(events[0]["told_by"], "response");
        assert_eq!(events[0]["encryption_decided"], "sse-kms");
        assert_eq!(events[0]["rule"], rule);
        assert_eq!(events[0]["status"], 200);
        assert_eq!(events[1]["outcome"], "refused");
        assert_eq!(events[1]["told_by"], "bucket default, learned");
    }
}

#[test]
fn what_was_known_and_waived_is_not_found_after_the_fact() {
    let store = Store::answering(|_| reply("200 OK", &[KMS], ""));
    let gate = Setup::strict().shadow().before(store.address());
    for _ in 0..2 {
        put(&gate).assert_passed();
    }
    let outcomes: Vec<_> = gate.events().iter().map(|one| one["outcome"].clone()).collect();
    assert_eq!(outcomes, ["violated", "waived"]);
}

#[test]
fn an_allowed_upload_into_a_kms_bucket_is_no_violation() {
    let store = Store::answering(|_| reply("200 OK", &[KMS], ""));
    let gate = Setup::strict().before(store.address());
    for _ in 0..2 {
        let request = ask("PUT /mine/k").with(V4).body("x");
        gate.ask(Over::Https, request.bytes()).assert_passed();
    }
    let tellers: Vec<_> = gate
        .events()
        .into_iter()
        .map(|one| {
            assert_eq!(one["outcome"], "allowed");
            one["told_by"].clone()
        })
        .collect();
    // With HTTPS and V4 there is no question, and nobody is asked.
    assert_eq!(tellers, ["nobody", "nobody"]);
}

#[test]
fn an_unknown_bucket_is_what_the_settings_say() {
    let store = Store::answering(|_| reply("200 OK", &[], ""));
    for (setting, http, https_v2) in [
        (UnknownBucketDefault::None, true, true),
        (UnknownBucketDefault::Any, false, false),
    ] {
        let gate = Setup::strict()
            .unknown_bucket_default(setting)
            .before(store.address());
        for (over, sign, allowed) in [
            (Over::Http, V4, http),
            (Over::Http, ANONYMOUS, http),
            (Over::Https, V2, https_v2),
            (Over::Https, V4, true),
        ] {
            let calls = store.calls();
            let answer = gate.ask(over, ask("PUT /mine/k").with(sign).body("x").bytes());
            if allowed {
                answer.assert_passed();
            } else {
                answer.assert_refused("unknown.bucket-default");
                assert!(
                    answer
                        .element("Message")
                        .contains("Name the encryption in the request")
                );
                assert_eq!(store.calls(), calls);
            }
        }
        assert!(gate.events().iter().all(|one| one["told_by"] == "nobody"));
    }
}
