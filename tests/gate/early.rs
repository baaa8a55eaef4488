//! Answers that come before the upload has ended: the rest of it goes its way, and is accounted for.

use crate::{
    harness::{Over, Running},
    message::{Answer, V2, bare},
    support::ScriptedOrigin,
};

const SIZE: usize = 300_000;
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers as soon as a head is there, and then reads so much of an upload, or what comes of it.
fn early(answer: &'static str, reads: Option<usize>) -> ScriptedOrigin {
    ScriptedOrigin::start(move |_, mut wire| {
        while let Some(head) = wire.read_next_head() {
            wire.send(answer);
            match reads {
                Some(reads) if head.starts_with("PUT ") => wire.discard(reads),
                Some(_) => {}
                None => drop(wire.read_to_ending()),
            }
        }
    })
}

#[test]
fn an_upload_that_goes_on_behind_its_answer_is_in_flight_and_counted_to_its_end() {
    let origin = early(OK, Some(SIZE));
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("PUT /mine/k", &[V2, &format!("Content-Length: {SIZE}")]));
    wire.send(vec![b'x'; 1_000]);
    let answer = Answer::read(&mut wire, false);
    assert_eq!((&*answer.body, answer.header("connection")), ("ok", None));
    assert_eq!(gate.metric("obsgate_requests_in_flight"), 1);
    wire.send(vec![b'x'; SIZE - 1_000]);
    gate.wait_for_metric("obsgate_requests_in_flight", |requests| requests == 0);
    wire.send(bare("GET /mine/k", &[V2]));
    assert_eq!(Answer::read(&mut wire, false).body, "ok");
    drop(wire);
    let events = gate.events();
    assert_eq!(
        (&events[0]["bytes_in"], &events[0]["outcome"]),
        (&SIZE.into(), &"allowed".into())
    );
    assert_eq!(events.len(), 2);
}

#[test]
fn what_is_wrong_behind_an_answer_is_told_of() {
    let origin = early(OK, None);
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("PUT /mine/k", &[V2, "Transfer-Encoding: chunked"]));
    wire.send("3\r\nabc\r\n");
    assert_eq!(Answer::read(&mut wire, false).body, "ok");
    wire.send("+3\r\nabc\r\n0\r\n\r\n");
    assert_eq!(wire.read_to_end(), "");
    gate.wait_for_hits("guard.chunk-size", 1);
    let events = gate.events();
    assert_eq!(events[0]["outcome"], "abandoned");
    assert_eq!(events[0]["rule"], "guard.chunk-size");
}

#[test]
fn an_answer_behind_which_the_store_closes_says_that_the_connection_ends() {
    let origin = early(
        "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
        None,
    );
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    let length = format!("Content-Length: {SIZE}");
    wire.send(bare("PUT /mine/k", &[V2, &length]));
    wire.send(vec![b'x'; 1_000]);
    let answer = Answer::read(&mut wire, false);
    assert_eq!(
        (&*answer.body, answer.header("connection")),
        ("no", Some("close"))
    );
}
