//! Before there is a body: handshakes, heads, and connections on which nothing is asked.

use super::{
    BOUND, OK, OVER, PAUSE, PAUSES, Stopwatch, assert_late, assert_logged, gate, read_to_end, trickle,
};
use crate::{
    harness::Over,
    message::{Answer, V2, bare, request},
    relay::Relay,
    support::{Ending, ScriptedOrigin, Wire},
};
use std::thread;

/// A head in `PAUSES` pieces.
fn head_in_pieces() -> Vec<Vec<u8>> {
    let head = bare("GET /mine/k", &[V2]);
    let size = head.len().div_ceil(PAUSES);
    head.as_bytes().chunks(size).map(<[u8]>::to_vec).collect()
}

#[test]
fn a_client_that_does_not_begin_its_handshake_or_does_not_end_it_is_closed() {
    let origin = ScriptedOrigin::uncalled();
    let gate = gate(origin.address(), |timeouts, _| timeouts.tls_handshake = BOUND);
    for begin in [&b""[..], &b"\x16\x03\x01\x02\x00\x01"[..]] {
        let began = Stopwatch::start();
        let mut wire = Wire::connect(gate.addresses[1]);
        wire.send(begin);
        assert_eq!(wire.read_to_end(), "");
        began.assert_expired();
    }
    assert!(gate.finish().is_empty());
}

#[test]
fn a_client_that_takes_a_while_for_its_handshake_is_served() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.tls_handshake = BOUND);
    let mut wire = gate.connect_over_tls(Relay::to(gate.addresses[1], PAUSE).address);
    // The time for a handshake is over with the handshake.
    thread::sleep(BOUND * 2);
    wire.send(bare("GET /mine/k", &[V2]));
    assert_eq!(Answer::read(&mut wire, false).body, "ok");
}

#[test]
fn a_connection_on_which_nothing_is_asked_is_closed_without_a_word() {
    let origin = ScriptedOrigin::uncalled();
    let gate = gate(origin.address(), |timeouts, _| timeouts.request_head = BOUND);
    for over in OVER {
        let began = Stopwatch::start();
        let mut wire = gate.connect(over);
        assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
        began.assert_expired();
    }
    assert!(gate.finish().is_empty());
}

#[test]
fn a_head_that_does_not_come_in_time_is_refused_however_steadily_it_comes() {
    for over in OVER {
        let origin = ScriptedOrigin::uncalled();
        let gate = gate(origin.address(), |timeouts, _| timeouts.request_head = BOUND);
        let began = Stopwatch::start();
        let mut wire = gate.connect(over);
        trickle(&mut wire, head_in_pieces());
        let all = read_to_end(wire);
        began.assert_expired();
        assert_late(&all, "guard.head-timeout");
        assert_logged(gate, "abandoned", "guard.head-timeout", 400);
    }
}

#[test]
fn a_head_that_comes_in_pieces_in_time_is_served() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| {
        timeouts.request_head = PAUSE * 40;
        timeouts.keep_alive = BOUND;
    });
    for over in OVER {
        let mut wire = gate.connect(over);
        // The second one has more time than there may be between two requests.
        for _ in 0..2 {
            trickle(&mut wire, head_in_pieces());
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
        }
    }
}

#[test]
fn the_time_of_a_later_head_begins_with_its_first_byte() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.request_head = BOUND);
    let mut wire = gate.connect(Over::Http);
    for _ in 0..2 {
        wire.send(bare("GET /mine/k", &[V2]));
        assert_eq!(Answer::read(&mut wire, false).body, "ok");
        thread::sleep(BOUND * 2);
    }
    let began = Stopwatch::start();
    wire.send("GET /mine/k HTTP/1.1\r\nHost:");
    let all = read_to_end(wire);
    began.assert_expired();
    assert_late(&all, "guard.head-timeout");
    assert_logged(gate, "abandoned", "guard.head-timeout", 400);
}

#[test]
fn a_connection_idle_between_requests_is_closed_without_a_word() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.keep_alive = BOUND);
    for over in OVER {
        let mut wire = gate.connect(over);
        // What there is before the first request is no pause between two.
        thread::sleep(BOUND * 2);
        for _ in 0..PAUSES {
            wire.send(bare("GET /mine/k", &[V2]));
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
            thread::sleep(PAUSE);
        }
        let began = Stopwatch::start();
        wire.send(bare("GET /mine/k", &[V2]));
        assert_eq!(Answer::read(&mut wire, false).body, "ok");
        assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
        began.assert_expired();
    }
    assert_eq!(gate.events().len(), 2 * (PAUSES + 1));
}

#[test]
fn a_client_that_waits_for_the_store_is_not_the_one_who_is_late() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        while let Some(head) = wire.read_next_head() {
            if head.starts_with("PUT") {
                wire.read_exactly(4);
            }
            thread::sleep(BOUND * 3);
            wire.send(OK);
        }
    });
    let gate = gate(origin.address(), |timeouts, limits| {
        timeouts.request_head = BOUND;
        timeouts.keep_alive = BOUND;
        timeouts.body_idle = BOUND;
        limits.minimum_body_rate = 1_000_000;
        limits.minimum_body_rate_after = BOUND;
    });
    for over in OVER {
        let mut wire = gate.connect(over);
        for request in [
            bare("GET /mine/k", &[V2]),
            request("PUT /mine/k", &[V2, "Content-Length: 4"], "body"),
        ] {
            wire.send(request);
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
        }
    }
}
