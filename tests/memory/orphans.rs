//! Requests whose client goes away before the answer: the store acts on them all the same, so they teach all the same
//! (rulings, 21).

use crate::{
    harness::{Over, Running, Setup},
    message::{Ask, KMS, V4, ask},
    store::{Asked, Store, reply},
    wire::Wire,
};
use std::{
    sync::{Arc, Mutex, mpsc},
    thread::sleep,
    time::{Duration, Instant},
};

const CONFIGURED: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>\
                          kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";

/// Ways in which a client goes.
const ENDS: [fn(Wire); 2] = [Wire::close, Wire::reset];

/// Waits until a gauge is nought.
fn settle(gate: &Running, gauge: &str) {
    let begun = Instant::now();
    while gate.counted(gauge) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{gauge}");
        sleep(Duration::from_millis(5));
    }
}

/// A store that answers what is marked when it is told to, and everything else at once.
fn late(answer: String) -> (Store, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (tell_asked, asked) = mpsc::channel();
    let (go, may_go) = mpsc::channel();
    let may_go = Arc::new(Mutex::new(may_go));
    let store = Store::answering(move |request: &Asked| {
        if request.head.contains("marked: yes") {
            tell_asked.send(()).unwrap();
            may_go.lock().unwrap().recv().unwrap();
            return answer.clone();
        }
        reply("200 OK", &[], "")
    });
    (store, asked, go)
}

/// Sends a request whose client is gone before the store answers; the gate has seen both when this ends.
fn abandon(
    gate: &Running,
    over: Over,
    request: &Ask,
    leave: fn(Wire),
    asked: &mpsc::Receiver<()>,
    go: &mpsc::Sender<()>,
) {
    let mut wire = gate.connect(over);
    wire.send(request.clone().with("marked: yes").bytes());
    asked.recv_timeout(Duration::from_secs(20)).unwrap();
    leave(wire);
    settle(gate, "obsgate_connections ");
    go.send(()).unwrap();
    settle(gate, "obsgate_requests_in_flight ");
}

#[test]
fn what_a_request_teaches_is_learned_although_its_client_has_gone() {
    for (request, answer) in [
        (
            ask("PUT /mine?encryption").with(V4).body(CONFIGURED),
            reply("200 OK", &[], ""),
        ),
        (ask("PUT /mine").with(V4).with(KMS), reply("200 OK", &[], "")),
        (
            ask("PUT /mine/other").with(V4).body("x"),
            reply("200 OK", &[KMS], ""),
        ),
    ] {
        for over in [Over::Http, Over::Https] {
            for leave in ENDS {
                let (store, asked, go) = late(answer.clone());
                let gate = Setup::strict().before(store.address());
                abandon(&gate, over, &request, leave, &asked, &go);
                let next = gate.ask(Over::Http, ask("PUT /mine/k").with(V4).body("x").bytes());
                next.assert_refused("strict.sse-kms.put-object");
                assert_eq!(store.calls(), 1);
            }
        }
    }
}

#[test]
fn a_store_that_takes_a_request_and_gives_no_answer_may_have_acted_on_it() {
    let kms = ask("PUT /mine?encryption").with(V4).body(CONFIGURED);
    let plain = ask("PUT /mine?encryption")
        .with(V4)
        .body(CONFIGURED.replace(">kms<", ">AES256<"));
    for (request, restricts) in [
        (kms, true),
        (ask("PUT /mine").with(V4).with(KMS), true),
        (plain, false),
        (ask("PUT /mine").with(V4), false),
        (ask("DELETE /mine?encryption").with(V4), false),
    ] {
        let store = Store::start(|asked, line| {
            if asked.head.contains("marked: yes") {
                line.end();
            } else {
                line.send(reply("200 OK", &[], ""));
            }
        });
        let gate = Setup::strict().before(store.address());
        let unanswered = gate.ask(Over::Http, request.with("marked: yes").bytes());
        assert_eq!(unanswered.rule(), "upstream.closed");
        let next = gate.ask(Over::Http, ask("PUT /mine/k").with(V4).body("x").bytes());
        assert_eq!(next.status() == 400, restricts, "{next:?}");
    }
}

#[test]
fn a_violation_is_found_although_its_client_has_gone() {
    let (store, asked, go) = late(reply("200 OK", &[KMS], ""));
    let gate = Setup::strict().before(store.address());
    let request = ask("PUT /mine/k").with(V4).body("x");
    abandon(&gate, Over::Http, &request, Wire::close, &asked, &go);
    let events = gate.events();
    assert_eq!((events.len(), &events[0]["outcome"]), (1, &"violated".into()));
    assert_eq!(events[0]["rule"], "strict.sse-kms.put-object");
    assert_eq!(events[0]["status"], 200);
}

#[test]
fn a_request_without_a_client_is_abandoned_in_the_log_however_the_store_answers() {
    for answer in [reply("200 OK", &[], ""), reply("403 Forbidden", &[], "<Error/>")] {
        let (store, asked, go) = late(answer);
        let gate = Setup::strict().before(store.address());
        let request = ask("DELETE /mine/k").with(V4);
        abandon(&gate, Over::Http, &request, Wire::close, &asked, &go);
        let events = gate.events();
        assert_eq!((events.len(), &events[0]["outcome"]), (1, &"abandoned".into()));
    }
}

#[test]
fn a_gate_that_stops_waits_for_a_request_without_a_client() {
    let (store, asked, go) = late(reply("200 OK", &[KMS], ""));
    let gate = Setup::strict().before(store.address());
    let mut wire = gate.connect(Over::Http);
    wire.send(ask("PUT /mine/k").with(V4).with("marked: yes").body("x").bytes());
    asked.recv_timeout(Duration::from_secs(20)).unwrap();
    wire.close();
    settle(&gate, "obsgate_connections ");
    let answering = std::thread::spawn(move || {
        sleep(Duration::from_millis(50));
        go.send(()).unwrap();
    });
    let events = gate.events();
    answering.join().unwrap();
    assert_eq!((events.len(), &events[0]["outcome"]), (1, &"violated".into()));
}
