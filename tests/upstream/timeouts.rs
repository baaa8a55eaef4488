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
    thread,
    time::{Duration, Instant},
};

const SHORT: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(15);
const SLOW: [Operation; 4] = [
    Operation::CopyObject,
    Operation::UploadPartCopy,
    Operation::CompleteMultipartUpload,
    Operation::RestoreObject,
];
const PATIENT: Timeouts = Timeouts {
    connect: LONG,
    response_head: LONG,
    slow_response_head: LONG,
    body_idle: LONG,
};
/// More than all the buffers on the way.
const LARGE: usize = 32 << 20;
const GET: &str = "GET /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

fn front(origin: &ScriptedOrigin, operation: Operation) -> Front {
    let timeouts = Timeouts {
        response_head: SHORT,
        ..PATIENT
    };
    front_with(origin, operation, timeouts)
}

/// One that has no patience with bodies.
fn hurrying(origin: &ScriptedOrigin, operation: Operation) -> Front {
    let timeouts = Timeouts {
        body_idle: SHORT,
        ..PATIENT
    };
    front_with(origin, operation, timeouts)
}

fn front_with(origin: &ScriptedOrigin, operation: Operation, timeouts: Timeouts) -> Front {
    let setup = Setup::before(origin);
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
    for operation in SLOW {
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

/// An answer that pauses after its first byte.
fn pausing() -> ScriptedOrigin {
    ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
        thread::sleep(SHORT * 3);
        let _ = wire.try_send("k");
    })
}

#[test]
fn an_answer_that_pauses_for_too_long_is_cut() {
    let origin = pausing();
    assert!(answer(&hurrying(&origin, Operation::GetObject)).ends_with("\r\n\r\no"));
}

#[test]
fn an_answer_that_takes_the_store_its_time_may_pause_as_long_as_its_head() {
    for operation in SLOW {
        let origin = pausing();
        assert!(answer(&hurrying(&origin, operation)).ends_with("\r\n\r\nok"));
    }
    let origin = pausing();
    let timeouts = Timeouts {
        slow_response_head: SHORT,
        ..PATIENT
    };
    let front = front_with(&origin, Operation::CopyObject, timeouts);
    assert!(answer(&front).ends_with("\r\n\r\no"));
}

#[test]
fn a_client_that_does_not_read_for_a_while_is_not_the_stores_fault() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"));
        for piece in vec![b'x'; LARGE].chunks(1 << 20) {
            wire.send(piece);
        }
        wire.read_to_end();
    });
    let front = hurrying(&origin, Operation::GetObject);
    let mut client = Wire::connect(front.address);
    client.send(GET);
    client.read_head();
    thread::sleep(SHORT * 4);
    client.discard(LARGE);
}

#[test]
fn a_client_that_does_not_send_for_a_while_is_not_the_stores_fault() {
    // With the answer's head after the body, and before it.
    for early in [false, true] {
        let origin = ScriptedOrigin::start(move |_, mut wire| {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
            wire.read_head();
            if early {
                wire.send(head);
            }
            wire.read_exactly(9);
            if !early {
                wire.send(head);
            }
            wire.send("ok");
            wire.read_to_end();
        });
        let front = hurrying(&origin, Operation::PutObject);
        let mut client = Wire::connect(front.address);
        client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nConnection: close\r\n\r\nslow ");
        thread::sleep(SHORT * 3);
        client.send("body");
        assert!(client.read_to_end().ends_with("\r\n\r\nok"));
    }
}

#[test]
fn a_store_that_takes_a_body_slowly_gets_it_and_one_that_takes_nothing_does_not() {
    for takes in [true, false] {
        let origin = ScriptedOrigin::start(move |_, mut wire| {
            wire.read_head();
            if !takes {
                thread::sleep(SHORT * 6);
                return;
            }
            for _ in 0..32 {
                thread::sleep(SHORT / 10);
                wire.discard(LARGE / 32);
            }
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        });
        let front = hurrying(&origin, Operation::PutObject);
        let mut client = Wire::connect(front.address);
        client.send(format!(
            "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: {LARGE}\r\nConnection: close\r\n\r\n"
        ));
        let stalled = if takes { LONG } else { SHORT / 4 };
        client.fill(LARGE, stalled);
        let end = if takes { "ok" } else { "upstream.write-timeout" };
        assert!(client.read_to_end().ends_with(end));
    }
}
