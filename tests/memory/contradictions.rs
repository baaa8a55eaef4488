//! Where request, answers and memory do not say the same, or one of them says something that no document lists: what
//! restricts counts, and the settings for unknown things have no say (rulings, 9, 12 and 22).

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, Ask, KMS, OBS, V2, V4, ask, trio},
    store::{Store, begun, reply},
};
use obsgate::{
    config::Builtin,
    policy::{UnknownBucketDefault, UnknownUpload},
};

const OBS_KEYS: &str = "x-amz-server-side-encryption: AES256";
const ODD: &str = "x-obs-server-side-encryption: rot13";
const COPY: &str = "x-obs-copy-source: /mine/source";

/// A store that answers the beginning of an upload with one header, and all else with another.
fn store(begins: &'static str, goes_on: &'static str) -> Store {
    Store::answering(move |asked| {
        if asked.line().contains("?uploads") {
            reply("200 OK", &[begins], &begun("u1"))
        } else {
            reply("200 OK", &[goes_on], "")
        }
    })
}

fn begin(gate: &Running, headers: &[String]) {
    let request = ask("POST /mine/k?uploads")
        .with(V4)
        .with_all(headers.iter().cloned());
    gate.ask(Over::Https, request.bytes()).assert_passed();
}

fn part() -> Ask {
    ask("PUT /mine/k?partNumber=1&uploadId=u1")
}

/// Asserts that a rule refuses, and not that something is unknown.
#[track_caller]
fn assert_ruled_out(answer: &Answer) {
    answer.assert_refused("");
    assert!(!answer.rule().starts_with("unknown"), "{answer:?}");
    assert!(!answer.rule().starts_with("malformed"), "{answer:?}");
}

#[test]
fn a_customer_key_does_not_hide_that_an_upload_is_kms() {
    for setting in [UnknownUpload::Deny, UnknownUpload::Allow] {
        for dialect in ["obs", "amz"] {
            let store = store("x-mark: 1", "x-mark: 1");
            let gate = Setup::strict().unknown_upload(setting).before(store.address());
            begin(&gate, &[KMS.to_owned()]);
            for (over, sign) in [
                (Over::Https, V2),
                (Over::Https, OBS),
                (Over::Https, ""),
                (Over::Http, V4),
            ] {
                let request = part().with(sign).with_all(trio(dialect)).body("x");
                assert_ruled_out(&gate.ask(over, request.bytes()));
            }
            assert_eq!(store.calls(), 1);
            let request = part().with(V4).with_all(trio(dialect)).body("x");
            gate.ask(Over::Https, request.bytes()).assert_passed();
            // The tables of part copies ask for no signature.
            let request = part().with(V2).with_all(trio(dialect)).with(COPY);
            gate.ask(Over::Https, request.bytes()).assert_passed();
            let events = gate.events();
            assert_eq!(events[1]["told_by"], "upload");
            assert_eq!(events[1]["encryption_decided"], "sse-c|sse-kms");
        }
    }
}

#[test]
fn a_customer_key_does_not_settle_what_an_unknown_upload_is() {
    for (setting, refused) in [(UnknownUpload::Deny, true), (UnknownUpload::Allow, false)] {
        let store = store("x-mark: 1", "x-mark: 1");
        let gate = Setup::strict().unknown_upload(setting).before(store.address());
        let request = part().with(V2).with_all(trio("obs")).body("x").bytes();
        let answer = gate.ask(Over::Https, &request);
        if refused {
            answer.assert_refused("unknown.upload");
        } else {
            answer.assert_passed();
        }
        let request = part().with(V4).with_all(trio("obs")).body("x").bytes();
        gate.ask(Over::Https, &request).assert_passed();
    }
}

#[test]
fn a_customer_key_is_enough_where_it_is_the_uploads_own() {
    let store = store("x-mark: 1", "x-mark: 1");
    for (setup, sign) in [(Setup::strict(), V2), (Setup::of(Builtin::OtcS3), V2)] {
        let gate = setup.before(store.address());
        let request = part().with(sign).with_all(trio("obs")).body("x").bytes();
        begin(&gate, &trio("amz"));
        gate.ask(Over::Https, &request).assert_passed();
        gate.ask(Over::Http, &request).assert_refused("");
    }
    let gate = Setup::of(Builtin::Huawei).before(store.address());
    begin(&gate, &[KMS.to_owned()]);
    let request = part().with(V2).with_all(trio("obs")).body("x");
    gate.ask(Over::Https, request.bytes()).assert_passed();
}

#[test]
fn a_part_of_an_upload_with_a_customer_key_needs_the_key() {
    for setting in [UnknownUpload::Deny, UnknownUpload::Allow] {
        let store = store("x-mark: 1", "x-mark: 1");
        let gate = Setup::strict().unknown_upload(setting).before(store.address());
        begin(&gate, &trio("amz"));
        for sign in [V2, V4] {
            assert_ruled_out(&gate.ask(Over::Http, part().with(sign).body("x").bytes()));
        }
        assert_eq!(store.calls(), 1);
    }
}

#[test]
fn an_upload_answered_with_an_unknown_method_may_be_anything_whatever_the_settings() {
    for setting in [UnknownUpload::Deny, UnknownUpload::Allow] {
        let store = store(ODD, "x-mark: 1");
        let gate = Setup::strict().unknown_upload(setting).before(store.address());
        begin(&gate, &[]);
        for (over, sign) in [(Over::Http, V4), (Over::Https, V2)] {
            assert_ruled_out(&gate.ask(over, part().with(sign).body("x").bytes()));
        }
        gate.ask(Over::Https, part().with(V4).body("x").bytes())
            .assert_passed();
    }
}

#[test]
fn answers_that_contradict_each_other_leave_both_possible_whatever_the_settings() {
    for setting in [UnknownUpload::Deny, UnknownUpload::Allow] {
        for (begins, goes_on) in [(KMS, OBS_KEYS), (OBS_KEYS, KMS)] {
            let store = store(begins, goes_on);
            let gate = Setup::strict().unknown_upload(setting).before(store.address());
            begin(&gate, &[]);
            gate.ask(Over::Https, part().with(V4).body("x").bytes())
                .assert_passed();
            let calls = store.calls();
            assert_ruled_out(&gate.ask(Over::Http, part().with(V2).body("x").bytes()));
            assert_eq!(store.calls(), calls);
        }
    }
}

#[test]
fn a_bucket_whose_default_is_an_unknown_method_is_not_one_without_a_default() {
    let store = store(ODD, ODD);
    let gate = Setup::strict().before(store.address());
    let put = ask("PUT /mine/k").body("x");
    gate.ask(Over::Https, put.clone().with(V4).bytes())
        .assert_passed();
    for (over, sign) in [(Over::Http, V4), (Over::Https, V2)] {
        assert_ruled_out(&gate.ask(over, put.clone().with(sign).bytes()));
    }
    assert_eq!(store.calls(), 1);
    let named = put.with(V4).with(OBS_KEYS);
    gate.ask(Over::Http, named.bytes()).assert_passed();
}

#[test]
fn an_upload_begun_in_silence_has_what_was_known_of_its_bucket() {
    let store = Store::answering(|asked| {
        if asked.line().contains("?uploads") {
            reply("200 OK", &[], &begun("u1"))
        } else if asked.line().contains("/teach") {
            reply("200 OK", &[KMS, "x-amz-server-side-encryption: AES256"], "")
        } else {
            reply("200 OK", &[], "")
        }
    });
    let gate = Setup::strict().before(store.address());
    let teach = ask("PUT /mine/teach").with(V4).body("x");
    gate.ask(Over::Https, teach.bytes()).assert_passed();
    begin(&gate, &[]);
    assert_ruled_out(&gate.ask(Over::Http, part().with(V2).body("x").bytes()));
    assert_eq!(store.calls(), 2);
}

#[test]
fn creating_a_bucket_that_is_there_does_not_hide_its_default() {
    let store = store("x-mark: 1", "x-mark: 1");
    let gate = Setup::strict().before(store.address());
    let create = |method: &str| {
        let request = ask("PUT /mine").with(V4).with(method);
        gate.ask(Over::Https, request.bytes()).assert_passed();
    };
    let put = || gate.ask(Over::Http, ask("PUT /mine/k").with(V4).body("x").bytes());
    create(KMS);
    assert_ruled_out(&put());
    for method in [OBS_KEYS, ""] {
        create(method);
        assert_ruled_out(&put());
    }
    // Once it is gone, it is new.
    gate.ask(Over::Https, ask("DELETE /mine").with(V4).bytes())
        .assert_passed();
    create(OBS_KEYS);
    put().assert_passed();
}

#[test]
fn creating_a_bucket_of_which_nothing_is_known_says_nothing_that_relaxes() {
    let store = store("x-mark: 1", "x-mark: 1");
    for (setting, rule) in [
        (UnknownBucketDefault::Any, "unknown.bucket-default"),
        (UnknownBucketDefault::None, ""),
    ] {
        for method in [
            OBS_KEYS,
            "x-obs-server-side-encryption: AES256",
            "x-obs-server-side-encryption: obs",
            "x-mark: 1",
        ] {
            let gate = Setup::strict()
                .unknown_bucket_default(setting)
                .before(store.address());
            let create = |method: &str| {
                let request = ask("PUT /mine").with(V4).with(method);
                gate.ask(Over::Https, request.bytes()).assert_passed();
            };
            let put = || gate.ask(Over::Http, ask("PUT /mine/k").with(V4).body("x").bytes());
            create(method);
            assert_eq!(put().rule(), rule, "{method}");
            // What restricts counts, first or last.
            create(KMS);
            assert_ruled_out(&put());
            create(method);
            assert_ruled_out(&put());
            let events = gate.events();
            assert_eq!(events[1]["told_by"], "nobody");
            assert_eq!(events[3]["told_by"], "bucket default, learned");
        }
    }
}
