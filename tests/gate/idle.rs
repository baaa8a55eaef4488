//! Connections of which nothing was asked for a while: nobody can tell, but by what they hold.

use crate::{
    harness::{Over, Running},
    message::{Answer, V2, bare, request},
    slow::{BOUND, OVER, Stopwatch, gate},
    support::{Ending, ScriptedOrigin, Wire},
};
use std::{thread, time::Duration};

/// Answers with the target and the length of the body.
fn echo() -> ScriptedOrigin {
    ScriptedOrigin::start(|_, mut wire| {
        while let Some(head) = wire.read_next_head() {
            let target = head.split(' ').nth(1).unwrap();
            let length = head.split_once("content-length: ");
            let length = length.map_or(0, |(_, rest)| rest.split("\r\n").next().unwrap().parse().unwrap());
            wire.read_exactly(length);
            let body = format!("{target} {length}");
            wire.send(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                body.len()
            ));
            if !head.starts_with("HEAD ") {
                wire.send(body);
            }
        }
    })
}

/// A gate with the finest clock there is, which times nobody out.
fn ticking(origin: &ScriptedOrigin) -> Running {
    gate(origin.address(), |_, limits| {
        limits.minimum_body_rate_after = Duration::from_millis(40);
    })
}

fn get(name: &str) -> String {
    bare(&format!("GET /mine/{name}"), &[V2])
}

fn put(name: &str, length: usize) -> String {
    let header = format!("Content-Length: {length}");
    request(&format!("PUT /mine/{name}"), &[V2, &header], &"x".repeat(length))
}

#[track_caller]
fn assert_answered(wire: &mut Wire, body: &str) {
    let answer = Answer::read(wire, false);
    assert_eq!((answer.status(), &*answer.body), (200, body));
}

#[track_caller]
fn assert_got(wire: &mut Wire, name: &str) {
    assert_answered(wire, &format!("/mine/{name} 0"));
}

/// Makes the gate's only busy connection hold a large buffer and waits until it holds it no longer: it is at rest.
#[track_caller]
fn rest(gate: &Running, wire: &mut Wire) {
    wire.send(put("large", LARGE));
    assert_answered(wire, &format!("/mine/large {LARGE}"));
    gate.wait_for_metric("obsgate_buffered_bytes", |bytes| bytes == 0);
}

#[track_caller]
fn assert_nothing_is_left(gate: &Running) {
    gate.wait_for_metric("obsgate_connections", |connections| connections == 0);
    assert_eq!(gate.metric("obsgate_buffered_bytes"), 0);
    assert_eq!(gate.metric("obsgate_panics_total"), 0);
}

#[test]
fn a_connection_at_rest_serves_again_each_time() {
    let origin = echo();
    let gate = ticking(&origin);
    for over in OVER {
        let mut wire = gate.connect(over);
        for name in ["a", "b", "c", "d"] {
            rest(&gate, &mut wire);
            wire.send(get(name));
            assert_got(&mut wire, name);
        }
    }
    assert_nothing_is_left(&gate);
}

#[test]
fn idle_connections_give_back_what_large_uploads_needed_one_and_all() {
    let origin = echo();
    let gate = ticking(&origin);
    let mut wires: Vec<_> = (0..20).map(|n| gate.connect(OVER[n % 2])).collect();
    for wire in &mut wires {
        wire.send(put("large", LARGE));
    }
    for wire in &mut wires {
        assert_answered(wire, &format!("/mine/large {LARGE}"));
    }
    gate.wait_for_metric("obsgate_buffered_bytes", |bytes| bytes == 0);
    assert_eq!(gate.metric("obsgate_connections"), wires.len() as u64);
    for wire in &mut wires {
        wire.send(get("k"));
        assert_got(wire, "k");
    }
}

#[test]
fn a_head_that_comes_in_pieces_wakes_a_connection_at_rest() {
    let origin = echo();
    let gate = ticking(&origin);
    for over in OVER {
        let mut wire = gate.connect(over);
        for size in [1, 7, 50] {
            rest(&gate, &mut wire);
            for piece in get("k").as_bytes().chunks(size) {
                wire.send(piece);
                thread::sleep(Duration::from_millis(1));
            }
            assert_got(&mut wire, "k");
        }
        // The head pauses in the middle.
        rest(&gate, &mut wire);
        for piece in get("k").as_bytes().chunks(60) {
            wire.send(piece);
            thread::sleep(Duration::from_millis(40));
        }
        assert_got(&mut wire, "k");
    }
}

#[test]
fn requests_that_come_together_wake_a_connection_at_rest_and_are_answered_in_turn() {
    let origin = echo();
    let gate = ticking(&origin);
    let long = bare("GET /mine/long", &[V2, &format!("x: {}", "y".repeat(20_000))]);
    for over in OVER {
        let mut wire = gate.connect(over);
        rest(&gate, &mut wire);
        let together = [get("a"), put("b", 5_000), long.clone(), put("c", 0), get("d")];
        wire.send(together.concat());
        for body in [
            "/mine/a 0",
            "/mine/b 5000",
            "/mine/long 0",
            "/mine/c 0",
            "/mine/d 0",
        ] {
            assert_answered(&mut wire, body);
        }
    }
}

#[test]
fn what_is_refused_is_refused_after_a_rest_too() {
    let origin = echo();
    let gate = ticking(&origin);
    for over in OVER {
        for (n, violation) in ["GET /mine/k HTTP/1.1\nHost: obs.example.com\n\n", "\r\n\r\n"]
            .iter()
            .enumerate()
        {
            let mut wire = gate.connect(over);
            rest(&gate, &mut wire);
            wire.send(violation);
            let answer = Answer::read(&mut wire, false);
            assert_eq!(answer.status(), 400, "{n}: {answer:?}");
            assert!(answer.rule().starts_with("guard."), "{n}: {answer:?}");
            answer.assert_refused(answer.element("Code"));
            assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
        }
    }
    assert_nothing_is_left(&gate);
}

#[test]
fn a_connection_at_rest_has_no_less_time_than_any_other_and_ends_in_order() {
    let origin = echo();
    let gate = gate(origin.address(), |timeouts, limits| {
        timeouts.keep_alive = BOUND;
        limits.minimum_body_rate_after = Duration::from_millis(40);
    });
    for over in OVER {
        let mut wire = gate.connect(over);
        rest(&gate, &mut wire);
        wire.send(get("k"));
        assert_got(&mut wire, "k");
        let began = Stopwatch::start();
        assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
        began.assert_expired();
    }
    assert_nothing_is_left(&gate);
}

#[test]
fn a_connection_at_rest_ends_at_once_when_the_gate_stops() {
    let origin = echo();
    let gate = ticking(&origin);
    let mut wires = OVER.map(|over| gate.connect(over));
    for wire in &mut wires {
        rest(&gate, wire);
    }
    assert_eq!(gate.finish().len(), 2);
    for wire in &mut wires {
        assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
    }
}

#[test]
fn nothing_is_left_of_a_connection_at_rest_whose_client_goes() {
    let origin = echo();
    let gate = ticking(&origin);
    for over in OVER {
        for go in [Wire::close, Wire::reset, drop] {
            let mut wire = gate.connect(over);
            rest(&gate, &mut wire);
            assert_eq!(gate.metric("obsgate_connections"), 1);
            go(wire);
            assert_nothing_is_left(&gate);
        }
    }
}

#[test]
fn nothing_is_lost_when_a_request_comes_just_as_its_connection_comes_to_rest() {
    let origin = echo();
    let gate = ticking(&origin);
    for over in OVER {
        let mut wire = gate.connect(over);
        // The clock is one of 5 ms, and a connection comes to rest within two or three of them.
        for tenths in 90..220 {
            wire.send(get("k"));
            assert_got(&mut wire, "k");
            thread::sleep(Duration::from_micros(tenths * 100));
        }
    }
}

/// Plays what a seed says: requests of all kinds in pieces, alone and together, with pauses before, in and after them.
fn play(gate: &Running, over: Over, seed: u64) {
    let mut state = seed;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below
    };
    let mut wire = gate.connect(over);
    for step in 0..40 {
        let (mut text, mut expected) = (String::new(), Vec::new());
        for n in 0..=random(3) {
            let name = format!("{step}-{n}");
            let length = [0, 1, 3_000, 70_000][usize::try_from(random(4)).unwrap()];
            if random(2) == 0 {
                text += &get(&name);
                expected.push(format!("/mine/{name} 0"));
            } else {
                text += &put(&name, length);
                expected.push(format!("/mine/{name} {length}"));
            }
        }
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let now = usize::try_from(1 + random(rest.len() as u64 * 2)).unwrap();
            let (piece, later) = rest.split_at(now.min(rest.len()));
            wire.send(piece);
            rest = later;
            thread::sleep(Duration::from_micros(random(4) * random(7_000)));
        }
        for body in expected {
            assert_answered(&mut wire, &body);
        }
        thread::sleep(Duration::from_micros(random(30_000)));
    }
}

#[test]
fn requests_of_all_kinds_with_pauses_of_all_lengths_are_answered_as_they_came() {
    let origin = echo();
    let gate = ticking(&origin);
    thread::scope(|scope| {
        for seed in 0..12 {
            let gate = &gate;
            scope.spawn(move || play(gate, OVER[seed % 2], seed as u64));
        }
    });
    assert_nothing_is_left(&gate);
}

/// More than is read at first.
const LARGE: usize = 300_000;
