//! Request bodies: from a client that is slow, and to a store that is.

use super::{
    BOUND, LARGE, OK, OVER, PAUSE, PAUSES, Stopwatch, assert_late, assert_logged, gate, read_to_end, trickle,
};
use crate::{
    harness::{Over, Running},
    message::{Answer, V4, request},
    support::ScriptedOrigin,
};
use std::{thread, time::Duration};

const PUTS: [&str; 2] = ["Content-Length: 1000", "Transfer-Encoding: chunked"];

#[test]
fn a_body_that_stops_coming_is_refused_and_never_ended_for_the_store() {
    for over in OVER {
        for framing in PUTS {
            let origin = ScriptedOrigin::start(|_, mut wire| {
                wire.read_until("part");
                assert!(!wire.read_to_end().contains('0'));
            });
            let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
            let mut wire = gate.connect(over);
            let began = Stopwatch::start();
            wire.send(request("PUT /mine/k", &[V4, framing], "4\r\npart"));
            let all = read_to_end(wire);
            began.assert_expired();
            assert_late(&all, "guard.body-timeout");
            assert_logged(gate, "abandoned", "guard.body-timeout", 400);
        }
    }
}

#[test]
fn a_body_that_keeps_coming_may_take_longer_than_it_may_pause() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
    for over in OVER {
        for (framing, end) in [
            ("Content-Length: 16", ""),
            ("Transfer-Encoding: chunked", "0\r\n\r\n"),
        ] {
            let mut wire = gate.connect(over);
            wire.send(request("PUT /mine/k", &[V4, framing], ""));
            let piece = if end.is_empty() { "x" } else { "1\r\nx\r\n" };
            trickle(&mut wire, [piece; PAUSES]);
            wire.send(end);
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
        }
    }
}

#[test]
fn a_body_that_stops_coming_during_its_answer_cuts_the_answer() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_until("part");
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
        wire.read_to_end();
    });
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
    let mut wire = gate.connect(Over::Http);
    wire.send(request("PUT /mine/k", &[V4, "Content-Length: 1000"], "part"));
    let all = read_to_end(wire);
    assert!(all.ends_with("\r\n\r\nhalf"), "{all}");
    assert_logged(gate, "abandoned", "guard.body-timeout", 200);
}

/// Sends a burst, then so many bytes a second, three times as long as a body may be slow; gives what comes back.
fn at_a_rate(
    origin: &ScriptedOrigin,
    over: Over,
    bytes_a_second: usize,
    burst: usize,
    minimum: u32,
) -> (String, Running) {
    let gate = gate(origin.address(), |_, limits| {
        limits.minimum_body_rate = minimum;
        limits.minimum_body_rate_after = BOUND;
    });
    let mut wire = gate.connect(over);
    let piece = "x".repeat(bytes_a_second / 20);
    let length = format!("Content-Length: {}", burst + piece.len() * 30);
    wire.send(request(
        "PUT /mine/k",
        &[V4, &length, "Connection: close"],
        &"x".repeat(burst),
    ));
    trickle(&mut wire, vec![piece; 30]);
    (read_to_end(wire), gate)
}

#[test]
fn a_body_that_comes_too_slowly_is_refused_whatever_it_began_with() {
    for (over, burst) in [(Over::Http, 0), (Over::Https, 0), (Over::Http, 100_000)] {
        let origin = ScriptedOrigin::start(|_, mut wire| drop(wire.read_to_end()));
        let (all, gate) = at_a_rate(&origin, over, 100, burst, 1_000);
        assert_late(&all, "guard.body-rate");
        assert_logged(gate, "abandoned", "guard.body-rate", 400);
    }
}

#[test]
fn a_body_that_comes_fast_enough_is_taken_and_any_is_where_none_is_too_slow() {
    for (rate, minimum) in [(20_000, 1_000), (100, 0)] {
        for over in OVER {
            let origin = ScriptedOrigin::answering(OK);
            let (all, _) = at_a_rate(&origin, over, rate, 0, minimum);
            assert!(all.ends_with("\r\n\r\nok"), "{all}");
        }
    }
}

#[test]
fn a_store_that_takes_a_body_slowly_is_not_the_clients_fault() {
    const SIZE: usize = 24 << 20;
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        thread::sleep(BOUND * 3);
        wire.discard(SIZE);
        wire.send(OK);
    });
    let gate = gate(origin.address(), |_, limits| {
        limits.minimum_body_rate = 1 << 26;
        limits.minimum_body_rate_after = BOUND * 2;
    });
    let mut wire = gate.connect(Over::Http);
    wire.send(request(
        "PUT /mine/k",
        &[V4, &format!("Content-Length: {SIZE}")],
        "",
    ));
    for piece in vec![b'x'; SIZE].chunks(1 << 20) {
        wire.send(piece);
    }
    assert_eq!(Answer::read(&mut wire, false).body, "ok");
}

const FORM: &str = "Content-Type: multipart/form-data; boundary=b";

/// A form whose fields come with a pause before each.
fn slow_form(pieces: usize, patience: Duration) -> (String, Running) {
    let origin = ScriptedOrigin::answering(OK);
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = patience);
    let fields: Vec<String> = (0..pieces)
        .map(|n| format!("--b\r\nContent-Disposition: form-data; name=\"x-{n}\"\r\n\r\nv\r\n"))
        .collect();
    let file = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n\
                --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nfile\r\n--b--\r\n";
    let length = fields.concat().len() + file.len();
    let mut wire = gate.connect(Over::Http);
    let length = format!("Content-Length: {length}");
    wire.send(request("POST /mine", &[FORM, &length, "Connection: close"], ""));
    trickle(&mut wire, fields);
    let _ = wire.try_send(file);
    (read_to_end(wire), gate)
}

#[test]
fn a_form_whose_fields_do_not_come_in_time_is_refused_however_steadily_they_come() {
    let (all, gate) = slow_form(PAUSES, BOUND);
    assert_late(&all, "guard.body-timeout");
    assert_logged(gate, "abandoned", "guard.body-timeout", 400);
}

#[test]
fn a_form_whose_fields_come_in_time_is_served() {
    let (all, _) = slow_form(PAUSES, PAUSE * 60);
    assert!(all.ends_with("\r\n\r\nok"), "{all}");
}

#[test]
fn a_store_that_does_not_take_a_body_is_given_up() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        thread::sleep(BOUND * 6);
    });
    let gate = gate(origin.address(), |timeouts, _| timeouts.body_idle = BOUND);
    let mut wire = gate.connect(Over::Http);
    wire.send(request(
        "PUT /mine/k",
        &[V4, &format!("Content-Length: {LARGE}")],
        "",
    ));
    let began = Stopwatch::start();
    wire.fill(LARGE, BOUND / 4);
    let all = read_to_end(wire);
    began.assert_expired();
    assert!(all.starts_with("HTTP/1.1 503 "), "{all}");
    assert!(
        all.contains("\r\nx-obsgate-rule: upstream.write-timeout\r\n"),
        "{all}"
    );
    assert_logged(gate, "failed", "upstream.write-timeout", 503);
}
