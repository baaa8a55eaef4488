//! Whatever breaks off is cut, never ended as if it were whole; whoever goes away is noticed on the other side.

use crate::{
    harness::{Over, Running},
    message::{Answer, V2, V4, bare, request},
    support::{Ending, ScriptedOrigin, Wire},
};
use std::{sync::mpsc, time::Duration};

/// What a client gets of an answer that breaks off after `sent`.
fn broken_off(over: Over, line: &str, sent: &'static str, breaks: fn(Wire)) -> (String, Ending) {
    let origin = ScriptedOrigin::start(move |_, mut wire| {
        wire.read_head();
        wire.send(sent);
        breaks(wire);
    });
    let gate = Running::before(&origin);
    let mut wire = gate.connect(over);
    wire.send(format!("{line}\r\nHost: obs.example.com\r\n\r\n"));
    let got = wire.read_to_ending();
    let events = gate.events();
    assert_eq!((events.len(), &events[0]["outcome"]), (1, &"failed".into()));
    got
}

const ENDS: [fn(Wire); 2] = [Wire::close, Wire::reset];

#[test]
fn an_answer_with_a_length_that_breaks_off_falls_short_of_it() {
    for breaks in ENDS {
        for over in [Over::Http, Over::Https] {
            let sent = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
            let (all, _) = broken_off(over, "GET /mine/k HTTP/1.1", sent, breaks);
            let body = all.split_once("\r\n\r\n").unwrap().1;
            assert!(all.contains("\r\nContent-Length: 10\r\n"), "{all}");
            assert!(body.len() < 10 && "hello".starts_with(body), "{all}");
        }
    }
}

#[test]
fn an_answer_in_chunks_that_breaks_off_lacks_the_last_one() {
    for sent in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    ] {
        for over in [Over::Http, Over::Https] {
            let (all, _) = broken_off(over, "GET /mine/k HTTP/1.1", sent, Wire::close);
            assert!(all.contains("\r\ntransfer-encoding: chunked\r\n"), "{all}");
            assert!(!all.contains("\r\n0\r\n"), "{all}");
        }
    }
}

#[test]
fn a_client_of_http_1_0_sees_a_reset_where_only_the_end_would_show_the_end() {
    for sent in [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    ] {
        for over in [Over::Http, Over::Https] {
            let (all, ending) = broken_off(over, "GET /mine/k HTTP/1.0", sent, Wire::close);
            assert_eq!(ending, Ending::BrokenOff, "{over:?} {all}");
        }
    }
}

#[test]
fn an_answer_that_ends_with_its_connection_is_whole_for_every_client() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\n\r\nhello");
        wire.close();
    });
    let gate = Running::before(&origin);
    assert_eq!(gate.ask(Over::Http, bare("GET /mine/k", &[V2])).body, "hello");
    for over in [Over::Http, Over::Https] {
        let mut wire = gate.connect(over);
        wire.send("GET /mine/k HTTP/1.0\r\nHost: obs.example.com\r\n\r\n");
        let (all, ending) = wire.read_to_ending();
        assert!(all.ends_with("\r\n\r\nhello"), "{all}");
        assert_eq!(ending, Ending::Closed);
    }
}

#[test]
fn a_client_that_goes_away_during_the_answer_ends_the_exchange_with_the_store() {
    let (gone, wait) = mpsc::channel();
    let origin = ScriptedOrigin::start(move |_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n");
        while wire.try_send([b'x'; 4096]).is_ok() {}
        gone.send(()).unwrap();
    });
    let gate = Running::before(&origin);
    for over in [Over::Http, Over::Https] {
        let mut wire = gate.connect(over);
        wire.send(bare("GET /mine/k", &[V2]));
        wire.read_head();
        wire.reset();
        wait.recv_timeout(Duration::from_secs(20)).unwrap();
    }
    for event in gate.events() {
        assert_eq!(
            (&event["outcome"], &event["status"]),
            (&"abandoned".into(), &200.into())
        );
    }
}

#[test]
fn a_client_that_goes_away_during_its_upload_ends_the_exchange_with_the_store() {
    for breaks in ENDS {
        let (began, beginning) = mpsc::channel();
        let origin = ScriptedOrigin::start(move |_, mut wire| {
            wire.read_until("part of it");
            began.send(()).unwrap();
            assert_eq!(wire.read_to_end(), "");
        });
        let gate = Running::before(&origin);
        let mut wire = gate.connect(Over::Http);
        wire.send(request(
            "PUT /mine/k",
            &[V4, "Content-Length: 1000"],
            "part of it",
        ));
        beginning.recv().unwrap();
        breaks(wire);
        let events = gate.events();
        assert_eq!((events.len(), &events[0]["outcome"]), (1, &"abandoned".into()));
        assert_eq!(events[0]["bytes_in"], 10);
    }
}

#[test]
fn a_client_that_goes_away_before_the_answer_ends_the_exchange_with_the_store() {
    let (asked, asking) = mpsc::channel();
    let origin = ScriptedOrigin::start(move |_, mut wire| {
        wire.read_head();
        asked.send(()).unwrap();
        assert_eq!(wire.read_to_end(), "");
    });
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("GET /mine/k", &[V2]));
    asking.recv().unwrap();
    wire.reset();
    // The origin's script ends only with the connection.
    let events = gate.events();
    assert_eq!((events.len(), &events[0]["outcome"]), (1, &"abandoned".into()));
    assert_eq!(events[0]["status"], 0);
}

#[test]
fn an_answer_that_comes_before_the_upload_has_ended_is_relayed() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_until("part");
        wire.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\nConnection: close\r\n\r\ndenied");
        wire.read_to_end();
    });
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    wire.send(request("PUT /mine/k", &[V2, "Content-Length: 100000"], "part"));
    let answer = Answer::read(&mut wire, false);
    assert_eq!((answer.status(), &*answer.body), (403, "denied"));
}
