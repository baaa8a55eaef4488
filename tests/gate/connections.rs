//! Many requests over one connection, and over several workers.

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, V2, V4, bare, request},
    support::ScriptedOrigin,
};
use std::{collections::BTreeSet, thread};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_connection_serves_requests_allowed_and_refused_one_after_the_other() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let kms = "x-amz-server-side-encryption: aws:kms";
    for over in [Over::Http, Over::Https] {
        let mut wire = gate.connect(over);
        for _ in 0..10 {
            wire.send(request("PUT /mine/k", &[V2, "Content-Length: 4"], "body"));
            assert_eq!(Answer::read(&mut wire, false).body, "ok");
            wire.send(bare("PUT /mine/k", &[V2, kms]));
            assert_eq!(Answer::read(&mut wire, false).status(), 400);
        }
    }
    assert_eq!(origin.connections(), 1);
    assert_eq!(origin.seen(0).matches("PUT ").count(), 20);
}

#[test]
fn pipelined_requests_are_answered_in_order_and_judged_each_by_itself() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        while let Some(head) = wire.read_next_head() {
            let path = head.split(' ').nth(1).unwrap();
            wire.send(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}",
                path.len()
            ));
        }
    });
    let gate = Running::before(&origin);
    let kms = "x-amz-server-side-encryption: aws:kms";
    let mut all = String::new();
    for n in 0..20 {
        all += &bare(&format!("GET /mine/{n}"), &[V4]);
        all += &bare(&format!("PUT /mine/{n}"), &[V4, kms]);
    }
    let mut wire = gate.connect(Over::Http);
    wire.send(all);
    for n in 0..20 {
        assert_eq!(Answer::read(&mut wire, false).body, format!("/mine/{n}"));
        let refused = Answer::read(&mut wire, false);
        refused.assert_refused("InvalidRequest");
        assert_eq!(refused.element("Resource"), format!("/mine/{n}"));
    }
    assert!(!origin.seen(0).contains("PUT"));
}

#[test]
fn a_connection_the_client_wants_closed_is_closed_after_its_answer() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("GET /mine/k", &[V2, "Connection: close"]));
    assert!(wire.read_to_end().ends_with("ok"));
    assert!(!origin.seen(0).contains("connection"));
}

#[test]
fn trailers_of_an_answer_reach_a_client_that_asks_for_them_but_for_those_of_encryption() {
    let origin = ScriptedOrigin::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum, X-OBS-Server-Side-Encryption\r\n\r\n2\r\nok\r\n\
         0\r\nX-OBS-Server-Side-Encryption: kms\r\nx-sum: 7\r\n\r\n",
    );
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    wire.send(bare(
        "GET /mine/k",
        &[V2, "TE: trailers", "Connection: TE, close"],
    ));
    let all = wire.read_to_end();
    assert!(all.ends_with("2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n"), "{all}");
}

#[test]
fn workers_share_a_port_and_no_two_requests_an_id() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Setup {
        workers: 2,
        ..Setup::before(&origin)
    }
    .start();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(gate.ask(Over::Http, bare("GET /mine/k", &[V2])).body, "ok");
                }
            });
        }
    });
    let events = gate.events();
    let id = |n: usize| events[n]["request_id"].as_str().unwrap();
    let ids: BTreeSet<_> = (0..events.len()).map(id).collect();
    assert_eq!((events.len(), ids.len()), (40, 40));
}
