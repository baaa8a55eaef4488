//! Crowds of clients that take their time: each is let go at its bound, and nobody else waits for it meanwhile.

use crate::{
    gate::{Guarded, Store},
    harness::Over,
    row::{ask, put, with_body},
    support::{Ending, ScriptedOrigin, Wire},
};
use obsgate::config::{Timeouts, Upstream};
use std::{net::SocketAddr, time::Duration};

/// A gate whose every patience with clients is this.
fn impatient(store: SocketAddr) -> Guarded {
    let mut timeouts = Timeouts::default();
    timeouts.tls_handshake = BOUND;
    timeouts.request_head = BOUND;
    timeouts.keep_alive = BOUND;
    timeouts.body_idle = BOUND;
    let upstream = Upstream::danger_plaintext(store.ip().to_string(), store.port());
    Guarded::configured(upstream, timeouts)
}

/// What each client of a crowd sends before it falls silent, and the rule that it is refused with, if it is.
const SILENCES: &[(&str, Over, &str, Option<&str>)] = &[
    ("nothing", Over::Http, "", None),
    ("nothing over TLS", Over::Https, "", None),
    (
        "a part of a line",
        Over::Http,
        "GET /mi",
        Some("guard.head-timeout"),
    ),
    (
        "a part of a head",
        Over::Http,
        "GET /mine/k HTTP/1.1\r\nHost: obs.example.com\r\n",
        Some("guard.head-timeout"),
    ),
    (
        "a part of a head over TLS",
        Over::Https,
        "GET /mine/k HTTP/1.1\r\nHost: obs.example.com\r\n",
        Some("guard.head-timeout"),
    ),
    (
        "a part of a body",
        Over::Http,
        "PUT /mine/k HTTP/1.1\r\nHost: obs.example.com\r\nContent-Length: 10\r\n\r\npart",
        Some("guard.body-timeout"),
    ),
    (
        "a part of a chunk's size",
        Over::Http,
        "PUT /mine/k HTTP/1.1\r\nHost: obs.example.com\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n1",
        Some("guard.body-timeout"),
    ),
    (
        "a part of a form",
        Over::Http,
        "POST /mine HTTP/1.1\r\nHost: obs.example.com\r\nContent-Length: 1000\r\n\
         Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\nContent-Disp",
        Some("guard.body-timeout"),
    ),
];

#[test]
fn a_crowd_of_silent_clients_is_let_go_and_holds_nobody_up() {
    let store = Store::start();
    let gate = impatient(store.address);
    let mut crowd = Vec::new();
    for (what, over, sent, rule) in SILENCES {
        for _ in 0..20 {
            let mut wire = gate.connect(*over);
            wire.send(sent);
            crowd.push((what, wire, rule));
        }
        gate.assert_serves();
    }
    for _ in 0..20 {
        // Nor does a handshake that is never ended.
        let mut wire = Wire::connect(gate.address(Over::Https));
        wire.send(b"\x16\x03\x01\x02\x00\x01");
        crowd.push((&"a part of a handshake", wire, &None));
    }
    gate.assert_serves();
    for (what, wire, rule) in &mut crowd {
        let all = wire.read_to_end();
        match rule {
            None => assert_eq!(all, "", "{what}"),
            Some(rule) => {
                assert!(
                    all.contains(&format!("\r\nx-obsgate-rule: {rule}\r\n")),
                    "{what}: {all}"
                );
                assert_eq!(all.matches("HTTP/1.1 ").count(), 1, "{what}: {all}");
            }
        }
    }
    gate.assert_serves();
    drop(crowd);
    gate.stop();
    // Of all that was begun, nothing came whole.
    let whole = store.finish();
    assert!(whole.iter().all(|one| one.starts_with(b"GET /mine/alive ")));
}

#[test]
fn a_crowd_that_waits_for_the_store_is_not_let_go() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        std::thread::sleep(BOUND + BOUND / 2);
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        wire.read_to_end();
    });
    let gate = impatient(origin.address());
    let mut crowd: Vec<_> = (0..20)
        .map(|_| {
            let mut wire = gate.connect(Over::Http);
            wire.send(ask("GET /mine/k", "Connection: close"));
            wire
        })
        .collect();
    for wire in &mut crowd {
        assert!(wire.read_to_end().ends_with("\r\n\r\nok"));
    }
}

#[test]
fn an_answer_without_a_length_that_pauses_too_long_ends_with_a_reset() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\n\r\npart");
        wire.read_to_end();
    });
    let gate = impatient(origin.address());
    for over in [Over::Http, Over::Https] {
        let mut wire = gate.connect(over);
        wire.send("GET /mine/k HTTP/1.0\r\nHost: obs.example.com\r\n\r\n");
        assert_eq!(wire.read_to_ending().1, Ending::BrokenOff, "{over:?}");
    }
}

#[test]
fn an_answer_without_a_length_that_its_client_does_not_take_ends_with_a_reset() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\n\r\n");
        while wire.try_send([b'x'; 4096]).is_ok() {}
    });
    let gate = impatient(origin.address());
    let mut wire = gate.connect(Over::Http);
    wire.send("GET /mine/k HTTP/1.0\r\nHost: obs.example.com\r\n\r\n");
    wire.read_head();
    // The script ends with the gate's patience: the store is waited for here.
    drop(origin);
    assert_eq!(wire.read_to_ending().1, Ending::BrokenOff);
}

#[test]
fn a_client_that_sends_no_body_after_its_100_is_let_go() {
    let store = Store::start();
    let gate = impatient(store.address);
    let mut wire = gate.connect(Over::Http);
    wire.send(put("Expect: 100-continue\nContent-Length: 10"));
    let all = wire.read_to_end();
    assert!(
        all.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 ") && all.contains("RequestTimeout"),
        "{all}"
    );
    let mut wire = gate.connect(Over::Http);
    wire.send(with_body(
        "PUT /mine/k",
        "Expect: 100-continue\nContent-Length: 4",
        "body",
    ));
    assert!(wire.read_until("ok").contains(" 200 OK\r\n"));
}

const BOUND: Duration = Duration::from_secs(2);
