//! A connection as a whole: how its protocol is agreed on, and how it ends.

use crate::{
    frames::{Code, PREFACE},
    harness::{Over, Running, Setup},
    message::{Answer, V2, V4, bare},
    peer::{Peer, fields, handshake},
    support::{ScriptedOrigin, Wire},
};
use std::{
    sync::{Mutex, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Shakes hands with a gate.
fn shake(gate: &Running, offered: &[&[u8]]) -> (Wire, Option<Vec<u8>>) {
    handshake(gate.addresses[1], gate.trust(), offered)
}

#[test]
fn the_protocol_is_what_the_handshake_agrees_on() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let agreed = |offered: &[&[u8]]| shake(&gate, offered).1;
    assert_eq!(agreed(&[b"h2", b"http/1.1"]).as_deref(), Some(&b"h2"[..]));
    assert_eq!(agreed(&[b"http/1.1", b"h2"]).as_deref(), Some(&b"h2"[..]));
    assert_eq!(agreed(&[b"http/1.1"]).as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(agreed(&[]), None);
    for offered in [&[&b"http/1.1"[..]][..], &[]] {
        let (mut wire, _) = shake(&gate, offered);
        wire.send(bare("GET /mine/k", &[V4]));
        assert_eq!(Answer::read(&mut wire, false).status(), 200);
    }
}

#[test]
fn without_an_agreement_the_preface_is_refused_with_tls_and_without() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    for mut wire in [
        gate.connect(Over::Http),
        gate.connect(Over::Https),
        shake(&gate, &[b"http/1.1"]).0,
    ] {
        wire.send(PREFACE);
        let answer = Answer::read(&mut wire, false);
        answer.assert_refused("InvalidRequest");
        assert_eq!(answer.rule(), "guard.preface");
    }
}

#[test]
fn http_2_can_be_switched_off() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Setup::before(&origin).without_http2().start();
    let (mut wire, agreed) = shake(&gate, &[b"h2", b"http/1.1"]);
    assert_eq!(agreed.as_deref(), Some(&b"http/1.1"[..]));
    wire.send(bare("GET /mine/k", &[V4]));
    assert_eq!(Answer::read(&mut wire, false).status(), 200);
}

#[test]
fn a_gate_that_stops_says_goaway_finishes_what_is_in_flight_and_begins_nothing_new() {
    let (tell, told) = channel();
    let (go, wait) = channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let origin = ScriptedOrigin::start(move |_, mut wire: Wire| {
        wire.read_head();
        tell.send(()).unwrap();
        wait.lock().unwrap().recv().unwrap();
        wire.send(OK);
    });
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let idle = Peer::connect(&gate);
    let stream = peer.begin(&fields("GET /mine/k", &[V4]), true);
    told.recv_timeout(Duration::from_secs(10)).unwrap();
    let stopping = thread::spawn(move || gate.finish());
    while peer.goaway.is_none() {
        peer.answer_pings();
    }
    // The last stream is said once a round trip has shown that none is on its way.
    peer.answer_pings();
    go.send(()).unwrap();
    let answer = peer.answer(stream);
    assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"));
    assert_eq!(peer.ending(), Some(Code::NoError));
    drop(idle);
    assert_eq!(stopping.join().unwrap().len(), 1);
}

#[test]
fn a_client_that_goes_away_takes_its_requests_with_it() {
    let (tell, told) = channel();
    let origin = ScriptedOrigin::start(move |_, mut wire: Wire| {
        wire.read_head();
        tell.send(()).unwrap();
        wire.read_to_end();
        tell.send(()).unwrap();
    });
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    peer.begin(&fields("GET /mine/k", &[V4]), true);
    told.recv_timeout(Duration::from_secs(10)).unwrap();
    drop(peer);
    told.recv_timeout(Duration::from_secs(10)).unwrap();
    let events = gate.events();
    assert_eq!((events.len(), &events[0]["outcome"]), (1, &"abandoned".into()));
}

#[test]
fn a_stream_that_its_client_resets_once_the_store_has_it_whole_is_seen_through() {
    const CONFIGURED: &str = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
                              <SSEAlgorithm>kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
                              </ServerSideEncryptionConfiguration>";
    let (tell, told) = channel();
    let (go, may_go) = channel();
    let may_go = Mutex::new(may_go);
    let origin = ScriptedOrigin::start(move |_, mut wire: Wire| {
        while let Some(head) = wire.read_next_head() {
            if head.contains("?encryption") {
                wire.read_until("Configuration>\r\n0\r\n\r\n");
                tell.send(()).unwrap();
                may_go.lock().unwrap().recv().unwrap();
            }
            wire.send(OK);
        }
    });
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(&fields("PUT /mine?encryption", &[V4]), false);
    peer.data(stream, CONFIGURED, true);
    told.recv_timeout(Duration::from_secs(10)).unwrap();
    peer.reset(stream, Code::Cancel);
    peer.assert_alive();
    go.send(()).unwrap();
    let began = Instant::now();
    while peer.ask("PUT /mine/k", &[V2]).rule() != "strict.sse-kms.put-object" {
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn a_stream_that_its_client_resets_is_given_up_and_the_others_go_on() {
    let (tell, told) = channel();
    let origin = ScriptedOrigin::start(move |_, mut wire: Wire| {
        while let Some(head) = wire.read_next_head() {
            if head.starts_with("GET /mine/alive") {
                wire.send(OK);
                continue;
            }
            tell.send(()).unwrap();
            wire.read_to_end();
            tell.send(()).unwrap();
            return;
        }
    });
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(&fields("GET /mine/k", &[V4]), true);
    told.recv_timeout(Duration::from_secs(10)).unwrap();
    peer.reset(stream, Code::Cancel);
    told.recv_timeout(Duration::from_secs(10)).unwrap();
    peer.assert_serves();
    drop(peer);
    assert_eq!(gate.events()[0]["outcome"], "abandoned");
}
