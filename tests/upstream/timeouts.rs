//! Upstreams that are down, or too slow.

use crate::{
    front::{Front, Setup},
    support::{ScriptedOrigin, Wire},
};
use obsgate::{
    obs::operation::Operation,
    proxy::upstream::{Origin, Timeouts},
};
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(15);
const GET: &str = "GET /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

fn front(origin: &ScriptedOrigin, operation: Operation) -> Front {
    let setup = Setup::before(origin);
    let timeouts = Timeouts {
        connect: LONG,
        response_head: SHORT,
        slow_response_head: LONG,
        body_idle: LONG,
    };
    Front::start(Setup {
        operation,
        origin: Origin {
            timeouts,
            ..setup.origin
        },
        ..setup
    })
}

fn answer(front: &Front) -> String {
    let mut client = Wire::connect(front.address);
    client.send(GET);
    client.read_to_end()
}

#[test]
fn an_upstream_that_takes_no_connection_is_down() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let origin = ScriptedOrigin::start(|_, _| {});
    let setup = Setup::before(&origin);
    let front = Front::start(Setup {
        origin: Origin {
            port: nobody,
            ..setup.origin
        },
        ..setup
    });
    assert!(answer(&front).ends_with("upstream.connect"));
}

#[test]
fn a_name_that_leads_nowhere_is_a_fault_of_the_name() {
    let origin = ScriptedOrigin::start(|_, _| {});
    let setup = Setup::before(&origin);
    let host = "no-such-host.invalid".to_owned();
    let front = Front::start(Setup {
        origin: Origin { host, ..setup.origin },
        ..setup
    });
    assert!(answer(&front).ends_with("upstream.resolve"));
}

#[test]
fn an_upstream_that_does_not_answer_in_time_is_given_up() {
    for sent in ["", "HTTP/1.1 200 OK\r\n"] {
        let origin = ScriptedOrigin::start(move |_, mut wire| {
            wire.read_head();
            wire.send(sent);
            assert_eq!(wire.read_to_end(), "");
        });
        let front = front(&origin, Operation::GetObject);
        let began = Instant::now();
        assert!(answer(&front).ends_with("upstream.response-head-timeout"));
        assert!(began.elapsed() >= SHORT);
        assert!(began.elapsed() < LONG);
    }
}

#[test]
fn operations_that_take_the_store_its_time_get_it() {
    for operation in [
        Operation::CopyObject,
        Operation::UploadPartCopy,
        Operation::CompleteMultipartUpload,
        Operation::RestoreObject,
    ] {
        let origin = ScriptedOrigin::start(|_, mut wire| {
            wire.read_head();
            assert!(wire.is_silent_for(SHORT * 3));
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        assert!(answer(&front(&origin, operation)).ends_with("ok"));
    }
}

#[test]
fn the_time_for_an_answer_begins_when_the_request_was_sent() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_until("slow body");
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let front = front(&origin, Operation::PutObject);
    let mut client = Wire::connect(front.address);
    client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nConnection: close\r\n\r\nslow ");
    assert!(client.is_silent_for(SHORT * 3));
    client.send("body");
    assert!(client.read_to_end().ends_with("ok"));
}

#[test]
fn a_body_may_take_longer_than_its_head() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        assert!(wire.is_silent_for(SHORT * 3));
        wire.send("ok");
    });
    assert!(answer(&front(&origin, Operation::GetObject)).ends_with("ok"));
}
