//! What is known of an object ends with whatever may put another in its place; a selection is decided on its answer too.

use crate::{
    harness::{Over, Running, Setup},
    message::{ANONYMOUS, Answer, KMS, V4, ask, trio},
    store::{Store, reply},
};

/// A store in whose answers to selections stands what the object is encrypted with.
fn store(selected: &'static str) -> Store {
    Store::answering(move |asked| {
        let told = if asked.line().contains("?select") {
            selected
        } else {
            "x-mark: 1"
        };
        reply("200 OK", &[told], "x")
    })
}

fn append(gate: &Running, position: &str) -> Answer {
    let request = ask(format!("POST /mine/k?append&position={position}")).with(V4);
    gate.ask(Over::Http, request.body("x").bytes())
}

fn select(gate: &Running) -> Answer {
    let request = ask("POST /mine/k?select&select-type=2").with(ANONYMOUS);
    gate.ask(Over::Http, request.body("x").bytes())
}

#[test]
fn whatever_may_replace_an_object_makes_it_unknown() {
    for request in [
        ask("PUT /mine/k").with(KMS).body("x"),
        ask("PUT /mine/k?torrent").with(KMS).body("x"),
        ask("PUT /mine/k")
            .with(KMS)
            .with("x-obs-copy-source: /mine/source"),
        ask("PUT /mine/k").with_all(trio("obs")).body("x"),
        ask("PUT /mine/k?metadata"),
        ask("PUT /mine/k?modify&position=0").body("x"),
        ask("PUT /mine/k?truncate&length=1"),
        ask("PUT /mine/k?acl").with(KMS).body("x"),
        ask("POST /mine/k?uploadId=u1").body("x"),
        ask("POST /mine/k?rename&name=other"),
        ask("POST /mine/other?rename&name=k"),
        ask("POST /mine/other?rename&name=%2Fk"),
        ask("DELETE /mine/k"),
    ] {
        let store = store(KMS);
        let gate = Setup::strict().before(store.address());
        append(&gate, "0").assert_passed();
        append(&gate, "1").assert_passed();
        let shown = request.clone().bytes();
        gate.ask(Over::Https, request.with(V4).bytes());
        assert_eq!(store.calls(), 3, "{}", String::from_utf8_lossy(shown.as_ref()));
        append(&gate, "5").assert_refused("unknown.object");
        select(&gate).assert_refused("unknown.object");
        assert_eq!(store.calls(), 3);
    }
}

#[test]
fn a_form_makes_the_object_it_names_unknown() {
    for (key, known) in [("k", false), ("/k", false), ("other", true)] {
        let store = store("x-mark: 1");
        let gate = Setup::strict().before(store.address());
        append(&gate, "0").assert_passed();
        let field = |name: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = field("key", key) + &field("file", "x") + "--b--\r\n";
        let form = ask("POST /mine").with("Content-Type: multipart/form-data; boundary=b");
        gate.ask(Over::Https, form.body(&body).bytes()).assert_passed();
        let answer = append(&gate, "1");
        assert_eq!(answer.rule().is_empty(), known, "{key} {answer:?}");
    }
}

#[test]
fn what_replaces_nothing_leaves_an_object_known() {
    for request in [
        ask("PUT /mine/k?acl").body("x"),
        ask("PUT /mine/other").body("x"),
        ask("POST /mine/other?rename&name=more"),
        ask("DELETE /mine/other"),
    ] {
        let store = store("x-mark: 1");
        let gate = Setup::strict().before(store.address());
        append(&gate, "0").assert_passed();
        gate.ask(Over::Https, request.with(V4).bytes()).assert_passed();
        append(&gate, "1").assert_passed();
        select(&gate).assert_passed();
    }
}

#[test]
fn a_selection_is_refused_on_an_answer_that_says_more_than_was_known() {
    for told in [
        KMS,
        "x-obs-server-side-encryption: rot13",
        "x-amz-server-side-encryption: aws:kms",
    ] {
        let store = store(told);
        let gate = Setup::strict().before(store.address());
        append(&gate, "0").assert_passed();
        select(&gate).assert_refused("");
        assert_eq!(store.calls(), 2);
        let events = gate.events();
        assert_eq!(events[1]["outcome"], "refused");
        assert_eq!(events[1]["told_by"], "response");
    }
}

#[test]
fn shadow_lets_such_a_selection_pass_and_says_so() {
    let store = store(KMS);
    let gate = Setup::strict().shadow().before(store.address());
    append(&gate, "0").assert_passed();
    select(&gate).assert_passed();
    assert_eq!(gate.events()[1]["outcome"], "waived");
}
