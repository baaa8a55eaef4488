//! Which connections serve again, and what a stale one costs.

use crate::{
    front::Front,
    support::{ScriptedOrigin, Wire},
};
use std::{sync::mpsc, time::Duration};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET: &str = "GET /k HTTP/1.1\r\nHost: h\r\n\r\n";

fn ask(client: &mut Wire, request: &str) -> String {
    client.send(request);
    let head = client.read_head();
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next());
    let body = client.read_exactly(length.unwrap().parse().unwrap());
    format!(
        "{} {}",
        head.split(' ').nth(1).unwrap(),
        String::from_utf8(body).unwrap()
    )
}

/// The first connection answers this once; every other one answers as it should.
fn once(first: &'static str) -> ScriptedOrigin {
    ScriptedOrigin::start(move |number, mut wire| {
        wire.read_head();
        wire.send(if number == 0 { first } else { OK });
        wire.read_to_end();
    })
}

#[test]
fn a_connection_serves_again_after_a_whole_exchange() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        for end in ["\r\n\r\n", "\r\n\r\nbody", "0\r\n\r\n", "\r\n\r\n"] {
            wire.read_until(end);
            wire.send(OK);
        }
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    for request in [
        GET,
        "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody",
        "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        GET,
    ] {
        assert_eq!(ask(&mut client, request), "200 ok");
    }
    assert_eq!(origin.connections(), 1);
}

#[test]
fn a_connection_whose_answer_leaves_something_behind_or_says_close_serves_no_more() {
    for first in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
    ] {
        let origin = once(first);
        let front = Front::before(&origin);
        let mut client = Wire::connect(front.address);
        assert_eq!(ask(&mut client, GET), "200 ok");
        assert_eq!(ask(&mut client, GET), "200 ok");
        assert_eq!(origin.connections(), 2, "{first:?}");
    }
}

#[test]
fn an_answer_that_ends_with_the_connection_comes_whole() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\n\r\nhello, ");
        assert!(wire.is_silent_for(Duration::from_millis(50)));
        wire.send("world");
        wire.close();
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    for _ in 0..2 {
        client.send(GET);
        assert_eq!(
            client.read_head(),
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        assert_eq!(
            client.read_until("0\r\n\r\n"),
            "7\r\nhello, \r\n5\r\nworld\r\n0\r\n\r\n"
        );
    }
    assert_eq!(origin.connections(), 2);
}

#[test]
fn a_connection_that_upstream_closed_meanwhile_costs_nothing() {
    for request in [
        GET,
        "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody",
        POST,
    ] {
        let (closed, wait) = mpsc::channel();
        let origin = ScriptedOrigin::start(move |_, mut wire| {
            wire.read_until(if wire_is_put(request) { "body" } else { "\r\n\r\n" });
            wire.send(OK);
            wire.close();
            closed.send(()).unwrap();
        });
        let front = Front::before(&origin);
        let mut client = Wire::connect(front.address);
        for _ in 0..3 {
            assert_eq!(ask(&mut client, request), "200 ok");
            wait.recv().unwrap();
        }
        assert_eq!(origin.connections(), 3);
    }
}

fn wire_is_put(request: &str) -> bool {
    request.starts_with("PUT")
}

const POST: &str = "POST /k?uploads HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";

/// The first connection serves once, takes a second request, and breaks off.
fn stale(reset: bool) -> ScriptedOrigin {
    ScriptedOrigin::start(move |number, mut wire| {
        wire.read_head();
        wire.send(OK);
        wire.read_head();
        if number > 0 {
            wire.send(OK);
        } else if reset {
            wire.reset();
        } else {
            wire.close();
        }
    })
}

#[test]
fn a_request_lost_to_a_stale_connection_is_sent_again_on_a_new_one() {
    for reset in [true, false] {
        let origin = stale(reset);
        let front = Front::before(&origin);
        let mut client = Wire::connect(front.address);
        for _ in 0..3 {
            assert_eq!(ask(&mut client, GET), "200 ok");
        }
        assert_eq!(origin.connections(), 2);
    }
}

#[test]
fn a_request_that_may_have_done_its_work_is_not_sent_twice() {
    for request in [
        POST,
        "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody",
    ] {
        let origin = stale(false);
        let front = Front::before(&origin);
        let mut client = Wire::connect(front.address);
        assert_eq!(ask(&mut client, GET), "200 ok");
        assert!(ask(&mut client, request).starts_with("503 "));
        assert_eq!(origin.connections(), 1);
    }
}

#[test]
fn a_request_whose_answer_had_begun_is_not_sent_twice() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send(OK);
        wire.read_head();
        wire.send("HTTP/1.1 200 O");
        wire.close();
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    assert_eq!(ask(&mut client, GET), "200 ok");
    assert_eq!(ask(&mut client, GET), "503 upstream.closed");
    assert_eq!(origin.connections(), 1);
}

#[test]
fn a_new_connection_that_closes_without_an_answer_is_not_tried_again() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.close();
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    assert_eq!(ask(&mut client, GET), "503 upstream.closed");
    assert_eq!(origin.connections(), 1);
}

#[test]
fn bytes_that_nobody_asked_for_are_nobodys_answer() {
    let (say, said) = (mpsc::channel(), mpsc::channel());
    let (say_it, was_said) = (say.0, said.1);
    let channels = std::sync::Mutex::new((say.1, said.0));
    let origin = ScriptedOrigin::start(move |number, mut wire| {
        wire.read_head();
        wire.send(OK);
        if number == 0 {
            let channels = channels.lock().unwrap();
            channels.0.recv().unwrap();
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            channels.1.send(()).unwrap();
        }
        wire.read_to_end();
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    assert_eq!(ask(&mut client, GET), "200 ok");
    say_it.send(()).unwrap();
    was_said.recv().unwrap();
    // The socket itself is asked when a request cannot be repeated: no wait is needed.
    assert_eq!(ask(&mut client, POST), "200 ok");
    assert_eq!(origin.connections(), 2);
}
