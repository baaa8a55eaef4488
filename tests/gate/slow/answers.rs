//! Answers: to a client that is slow, and from a store that is.

use super::{BOUND, LARGE, OVER, PAUSE, PAUSES, Stopwatch, assert_logged, gate, read_to_end, trickle};
use crate::{
    harness::Over,
    message::{V2, bare},
    support::{Ending, ScriptedOrigin, Wire},
};
use std::thread;

fn large(wire: &mut Wire) {
    wire.read_head();
    wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"));
    let piece = vec![b'x'; 1 << 20];
    let mut left = LARGE;
    while left > 0 && wire.try_send(&piece).is_ok() {
        left -= piece.len();
    }
}

#[test]
fn a_client_that_does_not_take_its_answer_is_cut_off() {
    for over in OVER {
        let origin = ScriptedOrigin::start(|_, mut wire| large(&mut wire));
        let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
        let mut wire = gate.connect(over);
        wire.send(bare("GET /mine/k", &[V2]));
        let began = Stopwatch::start();
        gate.wait_for_hits("guard.write-timeout", 1);
        began.assert_expired();
        let (all, ending) = wire.read_to_ending();
        assert_eq!(ending, Ending::BrokenOff);
        assert!(all.len() < LARGE);
        assert_logged(gate, "abandoned", "guard.write-timeout", 200);
    }
}

#[test]
fn a_client_that_takes_its_answer_slowly_gets_all_of_it() {
    for over in OVER {
        let origin = ScriptedOrigin::start(|_, mut wire| {
            large(&mut wire);
            wire.read_to_end();
        });
        let gate = gate(origin.address(), |timeouts, _| {
            timeouts.body_idle = BOUND;
            timeouts.keep_alive = BOUND;
            timeouts.request_head = BOUND;
        });
        let mut wire = gate.connect(over);
        wire.send(bare("GET /mine/k", &[V2]));
        wire.read_head();
        for _ in 0..PAUSES {
            thread::sleep(PAUSE);
            wire.discard(LARGE / PAUSES);
        }
        assert_eq!(gate.events()[0]["outcome"], "allowed");
    }
}

#[test]
fn an_answer_that_pauses_for_too_long_is_cut() {
    for over in OVER {
        let origin = ScriptedOrigin::start(|_, mut wire| {
            wire.read_head();
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
            wire.read_to_end();
        });
        let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
        let began = Stopwatch::start();
        let mut wire = gate.connect(over);
        wire.send(bare("GET /mine/k", &[V2]));
        let all = read_to_end(wire);
        began.assert_expired();
        assert!(all.ends_with("\r\n\r\nhalf"), "{all}");
        assert_logged(gate, "failed", "upstream.body-timeout", 200);
    }
}

#[test]
fn an_answer_that_keeps_coming_may_take_longer_than_it_may_pause() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {PAUSES}\r\n\r\n"));
        trickle(&mut wire, ["x"; PAUSES]);
    });
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
    let answer = gate.ask(Over::Http, bare("GET /mine/k", &[V2]));
    assert_eq!(answer.body.len(), PAUSES);
}

#[test]
fn a_client_that_asks_and_asks_and_reads_no_answer_is_not_answered_into_memory() {
    const REQUESTS: usize = 1_000;
    let pad = "x".repeat(32 << 10);
    let origin = ScriptedOrigin::answering(format!(
        "HTTP/1.1 200 OK\r\nx-pad: {pad}\r\nContent-Length: 0\r\n\r\n"
    ));
    let gate = gate(origin.address(), |_, _| {});
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("HEAD /mine/k", &[V2]).repeat(REQUESTS));
    let asked = || origin.seen(0).matches("HEAD ").count();
    wire.read_head();
    let mut before = 0;
    while asked() > before {
        before = asked();
        thread::sleep(BOUND);
    }
    assert!(before < REQUESTS);
    for _ in 1..REQUESTS {
        assert!(wire.read_head().starts_with("HTTP/1.1 200 "));
    }
}
