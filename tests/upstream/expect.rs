//! `Expect: 100-continue`, from both sides (rulings, 27).

use crate::{
    front::{Front, Setup},
    support::{ScriptedOrigin, Wire},
};
use std::time::{Duration, Instant};

const HEAD: &str = "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const A_WHILE: Duration = Duration::from_millis(300);

#[test]
fn the_client_gets_its_100_when_upstream_sent_one_and_not_before() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        assert!(wire.read_head().contains("expect: 100-continue\r\n"));
        assert!(wire.is_silent_for(A_WHILE));
        wire.send("HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(wire.read_exactly(4), b"body");
        wire.send(OK);
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send(HEAD);
    assert!(client.is_silent_for(A_WHILE / 2));
    assert_eq!(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    assert!(client.read_head().starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn an_upstream_that_sends_no_100_gets_the_body_after_a_second() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        assert_eq!(wire.read_exactly(4), b"body");
        wire.send(OK);
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    let began = Instant::now();
    client.send(HEAD);
    assert_eq!(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(began.elapsed() >= Duration::from_secs(1));
    client.send("body");
    assert!(client.read_head().starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_final_answer_instead_of_a_100_is_relayed_and_the_body_never_asked_for() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
        assert_eq!(wire.read_to_end(), "", "closed, for a body is still due on it");
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send(HEAD);
    assert!(client.read_head().starts_with("HTTP/1.1 403 Forbidden\r\n"));
    assert_eq!(client.read_exactly(2), b"no");
}

#[test]
fn other_informational_answers_are_no_100() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 103 Early Hints\r\n\r\n");
        assert!(wire.is_silent_for(A_WHILE));
        wire.send("HTTP/1.1 100 Continue\r\n\r\n");
        wire.read_exactly(4);
        wire.send(OK);
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send(HEAD);
    client.read_until("100 Continue\r\n\r\n");
    client.send("body");
    assert!(client.read_head().starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_client_that_does_not_wait_is_not_waited_for() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        assert_eq!(wire.read_exactly(4), b"body");
        wire.send(OK);
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    assert!(
        client.read_head().starts_with("HTTP/1.1 200 OK"),
        "and no 100 before"
    );
}

#[test]
fn a_body_whose_reading_has_begun_goes_up_at_once() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        let began = Instant::now();
        assert_eq!(wire.read_exactly(4), b"body");
        assert!(began.elapsed() < Duration::from_millis(900));
        wire.send(OK);
    });
    let front = Front::start(Setup {
        prefix: Some(b"bo"),
        ..Setup::before(&origin)
    });
    let mut client = Wire::connect(front.address);
    client.send(HEAD);
    client.send("dy");
    client.read_until("HTTP/1.1 200 OK");
}
