//! Time: what a client may take for each of its streams, and for the connection without any.

use crate::{
    frames::Code,
    harness::{Running, Setup},
    message::V4,
    peer::{Peer, fields},
    support::{ScriptedOrigin, Wire},
};
use obsgate::config::{Limits, Timeouts};
use std::time::{Duration, Instant};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const INITIAL_WINDOW: u16 = 4;

/// A gate with one patience in everything that is not named, and that long in what is.
fn patient(origin: &ScriptedOrigin, with: impl Fn(&mut Timeouts)) -> Running {
    let mut setup = Setup::before(origin);
    with(&mut setup.timeouts);
    setup.start()
}

const SHORT: Duration = Duration::from_millis(400);

/// A store that answers, but to a PUT only when it has all of it.
fn store() -> ScriptedOrigin {
    ScriptedOrigin::start(|_, mut wire: Wire| {
        while let Some(head) = wire.read_next_head() {
            if head.starts_with("PUT") {
                drop(wire.read_to_end());
                return;
            }
            if head.starts_with("GET /mine/large") {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
                // The gate hangs up where its client takes nothing.
                let _ = wire.try_send(vec![b'x'; 200_000]);
                continue;
            }
            wire.send(OK);
        }
    })
}

#[test]
fn a_body_that_stops_coming_is_refused_and_its_stream_reset_and_the_others_go_on() {
    let origin = store();
    let gate = patient(&origin, |timeouts| timeouts.body_idle = SHORT);
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(&fields("PUT /mine/k", &[V4]), false);
    peer.data(stream, "abc", false);
    let began = Instant::now();
    peer.assert_serves();
    let answer = peer.wait(stream, |stream| stream.reset.is_some());
    assert!(began.elapsed() >= SHORT, "{:?}", began.elapsed());
    assert_eq!(
        (answer.rule(), answer.reset),
        ("guard.body-timeout", Some(Code::NoError))
    );
    answer.assert_refused("RequestTimeout");
    peer.assert_serves();
    drop(peer);
    let events = gate.events();
    let late = events.iter().find(|event| event["method"] == "PUT").unwrap();
    assert_eq!(late["rule"], "guard.body-timeout", "{late}");
}

#[test]
fn a_body_that_keeps_coming_may_take_longer_than_that() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = patient(&origin, |timeouts| timeouts.body_idle = SHORT);
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(&fields("PUT /mine/k", &[V4]), false);
    for _ in 0..6 {
        std::thread::sleep(SHORT / 3);
        peer.data(stream, "abc", false);
    }
    peer.data(stream, "", true);
    assert_eq!(peer.answer(stream).status(), 200);
}

#[test]
fn a_body_that_comes_too_slowly_is_refused() {
    let origin = store();
    let mut setup = Setup::before(&origin);
    setup.limits = Limits::default();
    setup.limits.minimum_body_rate = 1_000;
    setup.limits.minimum_body_rate_after = SHORT;
    let gate = setup.start();
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(&fields("PUT /mine/k", &[V4]), false);
    while peer.so_far(stream).head.is_empty() {
        peer.data(stream, "abc", false);
        std::thread::sleep(SHORT / 8);
        peer.assert_alive();
    }
    assert_eq!(peer.answer(stream).rule(), "guard.body-rate");
    peer.assert_serves();
}

#[test]
fn a_stream_whose_window_stays_shut_is_reset_and_the_others_go_on() {
    let origin = store();
    let gate = patient(&origin, |timeouts| timeouts.body_idle = SHORT);
    let mut peer = Peer::with_settings(&gate, &[(INITIAL_WINDOW, 10_000)]);
    peer.generous = false;
    let stuck = peer.begin(&fields("GET /mine/large", &[V4]), true);
    let began = Instant::now();
    peer.wait(stuck, |stream| stream.body.len() == 10_000);
    peer.assert_serves();
    let answer = peer.answer(stuck);
    assert!(began.elapsed() >= SHORT, "{:?}", began.elapsed());
    assert_eq!((answer.ended, answer.reset), (false, Some(Code::Cancel)));
    peer.assert_serves();
    drop(peer);
    let events = gate.events();
    let late = events.iter().find(|event| event["rule"] == "guard.write-timeout");
    assert_eq!(late.unwrap()["outcome"], "abandoned");
}

#[test]
fn a_refusal_that_nobody_takes_is_given_up_too() {
    let origin = ScriptedOrigin::uncalled();
    let gate = patient(&origin, |timeouts| timeouts.body_idle = SHORT);
    let mut peer = Peer::with_settings(&gate, &[(INITIAL_WINDOW, 0)]);
    let answer = peer.ask("GET /mine/k?Acl", &[V4]);
    assert_eq!(
        (answer.status(), answer.body.len(), answer.reset),
        (400, 0, Some(Code::Cancel))
    );
    peer.assert_alive();
}

#[test]
fn a_window_that_keeps_opening_a_little_gets_the_whole_answer() {
    let origin = store();
    let gate = patient(&origin, |timeouts| timeouts.body_idle = SHORT);
    let mut peer = Peer::with_settings(&gate, &[(INITIAL_WINDOW, 20_000)]);
    peer.generous = false;
    let stream = peer.begin(&fields("GET /mine/large", &[V4]), true);
    let began = Instant::now();
    let mut taken = 20_000;
    while taken < 200_000 {
        peer.wait(stream, |stream| stream.body.len() == taken);
        std::thread::sleep(SHORT / 4);
        peer.open_window(0, 20_000);
        peer.open_window(stream, 20_000);
        taken += 20_000;
    }
    let answer = peer.answer(stream);
    assert!(began.elapsed() > SHORT * 2);
    assert_eq!((answer.body.len(), answer.ended), (200_000, true));
}

#[test]
fn a_store_that_takes_its_time_is_waited_for() {
    let origin = ScriptedOrigin::start(|_, mut wire: Wire| {
        wire.read_head();
        assert!(wire.is_silent_for(SHORT * 2));
        wire.send(OK);
    });
    let gate = patient(&origin, |timeouts| {
        timeouts.body_idle = SHORT;
        timeouts.keep_alive = SHORT;
    });
    let mut peer = Peer::connect(&gate);
    assert_eq!(peer.ask("GET /mine/k", &[V4]).status(), 200);
}

#[test]
fn a_connection_without_a_request_says_goodbye_and_ends_after_its_time() {
    let origin = store();
    let gate = patient(&origin, |timeouts| timeouts.keep_alive = SHORT);
    let mut peer = Peer::connect(&gate);
    for _ in 0..3 {
        peer.assert_serves();
        std::thread::sleep(SHORT / 3);
    }
    let began = Instant::now();
    while peer.goaway.is_none() {
        peer.answer_pings();
    }
    assert!(began.elapsed() >= SHORT / 2);
    peer.answer_pings();
    assert_eq!(peer.ending(), Some(Code::NoError));
}

#[test]
fn a_connection_whose_client_does_not_hear_goodbye_is_cut() {
    let origin = store();
    let gate = patient(&origin, |timeouts| {
        timeouts.keep_alive = SHORT;
        timeouts.body_idle = SHORT;
    });
    let mut peer = Peer::with_settings(&gate, &[(INITIAL_WINDOW, 1)]);
    peer.generous = false;
    // Its last piece lies there and is never taken.
    let stream = peer.begin(&fields("GET /mine/k", &[V4]), true);
    peer.wait(stream, |stream| stream.body.len() == 1);
    let began = Instant::now();
    assert_eq!(peer.ending(), Some(Code::NoError));
    assert!(began.elapsed() >= SHORT * 2, "{:?}", began.elapsed());
}

#[test]
fn the_first_request_has_the_time_of_a_head_from_the_connections_begin() {
    let origin = store();
    let gate = patient(&origin, |timeouts| timeouts.request_head = SHORT);
    let began = Instant::now();
    let mut silent = Peer::silent(&gate);
    let mut polite = Peer::connect(&gate);
    let mut half = Peer::connect(&gate);
    // A block that never ends.
    half.send(&crate::frames::Frame::new(crate::frames::HEADERS, 0, 1, []));
    for peer in [&mut silent, &mut polite, &mut half] {
        assert!(matches!(peer.ending(), None | Some(Code::NoError)));
    }
    assert!(began.elapsed() >= SHORT, "{:?}", began.elapsed());
    Peer::connect(&gate).assert_serves();
}

#[test]
fn a_gate_that_stops_waits_no_longer_than_for_a_head_for_a_client_that_does_not_hear_it() {
    let origin = store();
    let gate = patient(&origin, |timeouts| timeouts.request_head = SHORT);
    let mut peer = Peer::connect(&gate);
    peer.assert_serves();
    let began = Instant::now();
    // Neither reads the goodbye nor answers it.
    assert_eq!(gate.finish().len(), 1);
    assert!(
        began.elapsed() >= SHORT && began.elapsed() < SHORT * 20,
        "{:?}",
        began.elapsed()
    );
    drop(peer);
}

#[test]
fn a_client_that_is_never_heard_of_again_is_given_up_with_its_streams_and_then_whole() {
    let origin = store();
    let gate = patient(&origin, |timeouts| {
        timeouts.body_idle = SHORT;
        timeouts.keep_alive = SHORT;
    });
    // Neither reads nor writes nor hangs up from here on.
    let mut peer = Peer::with_settings(&gate, &[(INITIAL_WINDOW, 1)]);
    peer.begin(&fields("PUT /mine/k", &[V4]), false);
    peer.begin(&fields("GET /mine/large", &[V4]), true);
    peer.assert_alive();
    gate.wait_for_metric("obsgate_requests_in_flight", |requests| requests == 0);
    gate.wait_for_metric("obsgate_connections", |connections| connections == 0);
    gate.wait_for_metric("obsgate_buffered_bytes", |bytes| bytes == 0);
    drop(peer);
}
