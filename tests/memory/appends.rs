//! Appended objects: the first append teaches the object, later ones ask (rulings, 5).

use crate::{
    harness::{Over, Running, Setup},
    message::{ANONYMOUS, Answer, Ask, KMS, V2, V4, ask},
    store::{Store, reply},
};
use obsgate::config::Builtin;

const OBS_KEYS: &str = "x-amz-server-side-encryption: AES256";

/// A store that answers the first append so, and later ones in silence.
fn store(first: &'static str) -> Store {
    Store::answering(move |asked| {
        if asked.line().ends_with("position=0") {
            reply("200 OK", &[first], "")
        } else {
            reply("200 OK", &["x-mark: 1"], "")
        }
    })
}

fn append(position: &str) -> Ask {
    ask(format!("POST /mine/k?append&position={position}")).body("more")
}

fn first(gate: &Running, header: &str) {
    let request = append("0").with(V4).with(header);
    gate.ask(Over::Https, request.bytes()).assert_passed();
}

fn later(gate: &Running, over: Over, sign: &str) -> Answer {
    gate.ask(over, append("4").with(sign).bytes())
}

#[track_caller]
fn assert_kms(gate: &Running) {
    for (over, sign, code) in [
        (Over::Http, V4, "InvalidRequest"),
        (Over::Http, ANONYMOUS, "InvalidRequest"),
        (Over::Https, V2, "InvalidArgument"),
    ] {
        let answer = later(gate, over, sign);
        assert_eq!(answer.assert_refused("").element("Code"), code);
        assert!(!answer.rule().starts_with("unknown"), "{answer:?}");
    }
    later(gate, Over::Https, V4).assert_passed();
}

#[test]
fn the_first_append_teaches_the_object_and_later_ones_ask() {
    for (asked_for, answered) in [(KMS, "x-mark: 1"), (KMS, KMS), ("", KMS), (OBS_KEYS, KMS)] {
        let store = store(answered);
        let gate = Setup::strict().before(store.address());
        first(&gate, asked_for);
        assert_kms(&gate);
        assert_eq!(store.calls(), 2);
        let events = gate.events();
        assert_eq!(events[1]["told_by"], "object");
        assert_eq!(events[1]["encryption_decided"], "sse-kms");
    }
}

/// Only some stores read the other dialect than the signature's: the object is what was stated or what its bucket is.
#[test]
fn what_a_first_append_states_in_the_other_dialect_is_remembered_as_well() {
    let store = store("x-mark: 1");
    let gate = Setup::strict().before(store.address());
    first(&gate, "x-obs-server-side-encryption: kms");
    assert_kms(&gate);
    assert_eq!(gate.events()[1]["encryption_decided"], "none|sse-kms");
}

#[test]
fn an_object_known_to_be_plain_is_appended_to_over_http() {
    for method in ["", OBS_KEYS] {
        let store = store("x-mark: 1");
        let gate = Setup::strict().before(store.address());
        first(&gate, method);
        for over in Over::ALL {
            for sign in [ANONYMOUS, V2, V4] {
                later(&gate, over, sign).assert_passed();
            }
        }
    }
}

#[test]
fn an_append_to_an_unknown_object_is_refused_unless_no_encryption_would_make_a_difference() {
    let store = store("x-mark: 1");
    for (setup, allowed) in [
        (Setup::strict(), [false, false, true]),
        (Setup::of(Builtin::OtcS3), [false, false, true]),
        (Setup::of(Builtin::Huawei), [false, true, true]),
    ] {
        let gate = setup.before(store.address());
        let ways = [(Over::Http, V4), (Over::Https, V2), (Over::Https, V4)];
        for ((over, sign), allowed) in ways.into_iter().zip(allowed) {
            let calls = store.calls();
            let answer = later(&gate, over, sign);
            if allowed {
                answer.assert_passed();
            } else {
                answer.assert_refused("unknown.object");
                assert_eq!(store.calls(), calls);
            }
        }
    }
}

#[test]
fn what_a_later_append_states_does_not_hide_what_the_object_is() {
    let store = store(KMS);
    let gate = Setup::strict().before(store.address());
    first(&gate, "");
    for (over, sign) in [(Over::Http, V4), (Over::Https, V2)] {
        let answer = gate.ask(over, append("4").with(sign).with(OBS_KEYS).bytes());
        assert!(
            !answer.assert_refused("").rule().starts_with("unknown"),
            "{answer:?}"
        );
    }
    assert_eq!(store.calls(), 1);
    // One that is allowed, and answered in silence, does not make it another object either.
    let stated = append("4").with(V4).with(OBS_KEYS);
    gate.ask(Over::Https, stated.bytes()).assert_passed();
    assert_kms(&gate);
}

#[test]
fn a_later_append_teaches_by_its_answer_alone() {
    let store = Store::answering(|asked| {
        let told = if asked.line().contains("position=8") {
            KMS
        } else {
            "x-mark: 1"
        };
        reply("200 OK", &[told], "")
    });
    let gate = Setup::strict().before(store.address());
    later(&gate, Over::Https, V4).assert_passed();
    later(&gate, Over::Http, V4).assert_refused("unknown.object");
    gate.ask(Over::Https, append("8").with(V4).bytes())
        .assert_passed();
    assert_kms(&gate);
}

#[test]
fn an_object_that_turns_out_to_be_another_is_a_violation_found_after_the_fact() {
    let store = Store::answering(|asked| {
        let told = if asked.line().contains("position=8") {
            KMS
        } else {
            "x-mark: 1"
        };
        reply("200 OK", &[told], "")
    });
    let gate = Setup::strict().before(store.address());
    first(&gate, "");
    later(&gate, Over::Http, V4).assert_passed();
    gate.ask(Over::Http, append("8").with(V4).bytes()).assert_passed();
    assert_kms(&gate);
    let events = gate.events();
    assert_eq!(events[2]["outcome"], "violated");
    assert_eq!(events[2]["told_by"], "response");
    assert_eq!(events[3]["outcome"], "refused");
}

#[test]
fn an_append_that_failed_teaches_nothing() {
    let store = Store::answering(|_| reply("409 Conflict", &[], "<Error/>"));
    let gate = Setup::strict().before(store.address());
    assert_eq!(gate.ask(Over::Http, append("0").with(V4).bytes()).status(), 409);
    later(&gate, Over::Http, V4).assert_refused("unknown.object");
}

#[test]
fn an_object_is_known_under_its_own_name_alone() {
    let store = store("x-mark: 1");
    let gate = Setup::strict().before(store.address());
    first(&gate, "");
    for (target, known) in [
        ("/mine/k", true),
        ("/mine/%6B", true),
        ("/mine/K", false),
        ("/yours/k", false),
        ("/mine/k/", false),
    ] {
        let request = ask(format!("POST {target}?append&position=4")).with(V2).body("x");
        let answer = gate.ask(Over::Http, request.bytes());
        assert_eq!(answer.rule().is_empty(), known, "{target} {answer:?}");
    }
}

#[test]
fn an_append_that_says_it_is_the_first_does_not_hide_what_the_object_is() {
    let store = store("x-mark: 1");
    let gate = Setup::strict().before(store.address());
    first(&gate, KMS);
    for stated in ["x-mark: 1", OBS_KEYS] {
        for (over, sign) in [(Over::Http, V4), (Over::Http, ANONYMOUS), (Over::Https, V2)] {
            let answer = gate.ask(over, append("0").with(sign).with(stated).bytes());
            assert!(
                !answer.assert_refused("").rule().starts_with("unknown"),
                "{answer:?}"
            );
        }
    }
    assert_eq!(store.calls(), 1);
    // Where it may be sent, it teaches nothing that relaxes.
    first(&gate, OBS_KEYS);
    assert_kms(&gate);
}
