//! Parts: decided on what is known of their upload, before a byte of the body is taken.

use crate::{
    harness::{Over, Running, Setup},
    message::{ANONYMOUS, Answer, Ask, KMS, OBS, V2, V4, ask, trio},
    store::{Asked, Store, begun, reply},
};
use obsgate::{config::Builtin, policy::UnknownUpload};
use std::time::Duration;

/// A store whose uploads have the id `u1`, and that says nothing of encryption.
fn silent() -> Store {
    Store::answering(|asked| answer(asked, "u1"))
}

fn answer(asked: &Asked, id: &str) -> String {
    if asked.line().contains("?uploads") {
        reply("200 OK", &[], &begun(id))
    } else {
        reply("200 OK", &["ETag: \"x\""], "")
    }
}

fn begin(gate: &Running, headers: &[&str]) -> Answer {
    let request = ask("POST /mine/k?uploads")
        .with(V4)
        .with_all(headers.iter().copied());
    let answer = gate.ask(Over::Https, request.bytes());
    answer.assert_passed();
    answer
}

fn part(id: &str) -> Ask {
    ask(format!("PUT /mine/k?partNumber=1&uploadId={id}")).body("a part")
}

#[test]
fn a_part_is_refused_before_a_byte_of_it_is_taken() {
    let store = silent();
    let gate = Setup::strict().before(store.address());
    begin(&gate, &[KMS]);
    for expect in ["", "Expect: 100-continue"] {
        for (over, sign, code) in [
            (Over::Http, V4, "InvalidRequest"),
            (Over::Http, V2, "InvalidRequest"),
            (Over::Https, V2, "InvalidArgument"),
            (Over::Https, OBS, "InvalidArgument"),
            (Over::Https, ANONYMOUS, "InvalidArgument"),
        ] {
            let mut wire = gate.connect(over);
            wire.send(part("u1").with(sign).with(expect).head());
            // The first that comes is the refusal: there is no 100, and nothing of the body was waited for.
            let answer = Answer::read(&mut wire);
            answer.assert_refused("");
            assert_eq!(answer.element("Code"), code, "{answer:?}");
            assert!(!answer.rule().starts_with("unknown"), "{answer:?}");
        }
    }
    assert_eq!(store.calls(), 1);
    for event in &gate.events()[1..] {
        assert_eq!(
            (event["told_by"].as_str(), event["outcome"].as_str()),
            (Some("upload"), Some("refused"))
        );
        assert_eq!(event["encryption_seen"], "none|sse-kms|sse-obs", "{event}");
        assert_eq!(
            (event["encryption_decided"].as_str(), event["bytes_in"].as_u64()),
            (Some("sse-kms"), Some(0))
        );
    }
}

#[test]
fn a_part_that_is_allowed_gets_its_100_after_the_decision_and_arrives_whole() {
    let store = Store::start(|asked, line| line.send(answer(asked, "u1")));
    let gate = Setup::strict().before(store.address());
    begin(&gate, &[KMS]);
    let mut wire = gate.connect(Over::Https);
    let request = part("u1").with(V4).with("Expect: 100-continue");
    wire.send(request.head());
    // The store of this test sends no 100; the gate's patience with it ends after a second.
    assert_eq!(Answer::read(&mut wire).status(), 100);
    wire.send("a part");
    Answer::read(&mut wire).assert_passed();
    assert_eq!(store.asked()[1].body, b"a part");
}

#[test]
fn an_id_is_known_however_its_bytes_are_written() {
    let long = "0123456789abcdef".repeat(64);
    // As the store's document has it, and as clients write it in a query.
    let written: [(&str, &[&str]); 11] = [
        ("plain", &["plain", "%70lain"]),
        ("a+b", &["a%2Bb", "a%2bb", "a+b"]),
        ("a/b", &["a/b", "a%2Fb"]),
        ("YQ==", &["YQ==", "YQ%3D%3D", "YQ%3d="]),
        ("50%", &["50%25"]),
        ("%2B", &["%252B"]),
        ("a&amp;b&lt;c", &["a%26b%3Cc", "a%26b%3cc"]),
        ("a b", &["a%20b"]),
        ("&#228;\u{20ac}", &["%C3%A4%E2%82%AC"]),
        ("<![CDATA[a&b]]>", &["a%26b"]),
        (&long, &[&long]),
    ];
    for (document, queries) in written {
        let id = document.to_owned();
        let store = Store::answering(move |asked| answer(asked, &id));
        let gate = Setup::strict().before(store.address());
        begin(&gate, &[]);
        for query in queries {
            let known = gate.ask(Over::Http, part(query).with(V2).bytes());
            known.assert_passed();
            let last = store.asked().pop().unwrap();
            assert_eq!(last.line(), format!("PUT /mine/k?partNumber=1&uploadId={query}"));
        }
        let other = gate.ask(Over::Http, part(&format!("{}.", queries[0])).with(V2).bytes());
        other.assert_refused("unknown.upload");
    }
}

#[test]
fn an_upload_is_known_under_its_own_bucket_and_key_alone() {
    let store = silent();
    let gate = Setup::strict().before(store.address());
    begin(&gate, &[]);
    for (target, known) in [
        ("/mine/k?partNumber=1&uploadId=u1", true),
        ("/MINE/k?partNumber=1&uploadId=u1", true),
        ("/mine/%6b?partNumber=1&uploadId=u1", true),
        ("/mine/k?uploadId=%751&partNumber=1", true),
        ("/yours/k?partNumber=1&uploadId=u1", false),
        ("/mine/K?partNumber=1&uploadId=u1", false),
        ("/mine/k/?partNumber=1&uploadId=u1", false),
        ("/mine/kk?partNumber=1&uploadId=u1", false),
        ("/mine/k?partNumber=1&uploadId=U1", false),
        ("/mine/k?partNumber=1&uploadId=u1%20", false),
    ] {
        let calls = store.calls();
        let answer = gate.ask(
            Over::Http,
            ask(format!("PUT {target}")).with(V2).body("x").bytes(),
        );
        if known {
            answer.assert_passed();
        } else {
            answer.assert_refused("unknown.upload");
            assert_eq!(store.calls(), calls, "{target}");
        }
    }
}

#[test]
fn a_part_of_an_unknown_upload_is_refused_with_what_to_do_unless_no_encryption_would_make_a_difference() {
    let store = silent();
    for (setup, allowed) in [
        (Setup::strict(), [false, false, false, true]),
        (Setup::of(Builtin::OtcS3), [false, false, false, true]),
        (Setup::of(Builtin::Huawei), [false, false, true, true]),
        (Setup::of(Builtin::HuaweiLegacy), [false, false, true, true]),
        (
            Setup::strict().unknown_upload(UnknownUpload::Allow),
            [true, true, true, true],
        ),
        (Setup::strict().shadow(), [true, true, true, true]),
    ] {
        let gate = setup.before(store.address());
        let ways = [
            (Over::Http, V2),
            (Over::Http, V4),
            (Over::Https, V2),
            (Over::Https, V4),
        ];
        for ((over, sign), allowed) in ways.into_iter().zip(allowed) {
            let calls = store.calls();
            let answer = gate.ask(over, part("never-seen").with(sign).bytes());
            if allowed {
                answer.assert_passed();
            } else {
                answer.assert_refused("unknown.upload");
                let message = answer.element("Message");
                assert!(
                    message.contains("Begin the upload through this endpoint"),
                    "{message}"
                );
                assert!(message.contains("AWS4-HMAC-SHA256"), "{message}");
                assert_eq!(store.calls(), calls);
            }
        }
        let tellers: Vec<_> = gate
            .events()
            .into_iter()
            .map(|event| event["told_by"].clone())
            .collect();
        assert_eq!(tellers, ["nobody"; 4]);
    }
}

#[test]
fn no_setting_lets_a_customer_key_go_in_clear() {
    let store = silent();
    let gate = Setup::strict()
        .unknown_upload(UnknownUpload::Allow)
        .before(store.address());
    for dialect in ["obs", "amz"] {
        let request = part("never-seen").with(V4).with_all(trio(dialect));
        gate.ask(Over::Http, request.bytes()).assert_refused("");
    }
    assert_eq!(store.calls(), 0);
}

#[test]
fn the_answer_to_a_part_teaches_its_upload_and_its_silence_does_not() {
    let store = Store::answering(|asked| {
        let told = if asked.line().contains("uploadId=kms") {
            KMS
        } else {
            "x-mark: 1"
        };
        reply("200 OK", &[told], "")
    });
    let gate = Setup::strict().before(store.address());
    for id in ["kms", "silent"] {
        gate.ask(Over::Https, part(id).with(V4).bytes()).assert_passed();
    }
    let known = gate.ask(Over::Https, part("kms").with(V2).bytes());
    assert_eq!(
        known.assert_refused("").element("Code"),
        "InvalidArgument",
        "{known:?}"
    );
    let unknown = gate.ask(Over::Https, part("silent").with(V2).bytes());
    unknown.assert_refused("unknown.upload");
    let events = gate.events();
    assert_eq!(events[2]["told_by"], "upload");
    assert_eq!(events[3]["told_by"], "nobody");
}

#[test]
fn a_part_that_failed_teaches_nothing() {
    let store = Store::answering(|_| reply("403 Forbidden", &[KMS], "<Error/>"));
    let gate = Setup::strict().before(store.address());
    assert_eq!(gate.ask(Over::Https, part("u1").with(V4).bytes()).status(), 403);
    gate.ask(Over::Https, part("u1").with(V2).bytes())
        .assert_refused("unknown.upload");
}

#[test]
fn a_part_found_out_after_the_fact_is_a_violation_and_the_last() {
    let store = Store::answering(|_| reply("200 OK", &[KMS], ""));
    let gate = Setup::strict()
        .unknown_upload(UnknownUpload::Allow)
        .before(store.address());
    gate.ask(Over::Http, part("u1").with(V2).bytes()).assert_passed();
    let refused = gate.ask(Over::Http, part("u1").with(V2).bytes());
    assert!(
        !refused.assert_refused("").rule().starts_with("unknown"),
        "{refused:?}"
    );
    assert_eq!(store.calls(), 1);
    let events = gate.events();
    assert_eq!(
        (events[0]["outcome"].as_str(), events[0]["told_by"].as_str()),
        (Some("violated"), Some("response"))
    );
    assert_eq!(events[1]["told_by"], "upload");
}

#[test]
fn a_part_waits_for_nothing_but_its_decision() {
    let store = silent();
    let gate = Setup::strict().before(store.address());
    begin(&gate, &[]);
    let mut wire = gate.connect(Over::Http);
    wire.send(part("u1").with(V2).head());
    assert!(wire.is_silent_for(Duration::from_millis(50)));
    wire.send("a part");
    Answer::read(&mut wire).assert_passed();
}
