//! Bodies on their way: both at once, no faster than the slower side, and broken off as what they are.

use crate::{
    front::Front,
    support::{ScriptedOrigin, Wire},
};
use std::{sync::mpsc, thread, time::Duration};

const MANY: usize = 64 << 20;
/// More than all the buffers of two sockets and a gate can hold.
const HELD: usize = 40 << 20;
const STALLED: Duration = Duration::from_millis(500);
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET: &str = "GET /k HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn an_answer_comes_no_faster_than_the_client_takes_it() {
    let (stalled, has_stalled) = mpsc::channel();
    let origin = ScriptedOrigin::start(move |_, mut wire| {
        wire.read_head();
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {MANY}\r\n\r\n"));
        let sent = wire.fill(MANY, STALLED);
        stalled.send(sent).unwrap();
        wire.send(vec![b'y'; MANY - sent]);
        wire.read_to_end();
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send(GET);
    let sent = has_stalled.recv().unwrap();
    assert!(sent < HELD, "{sent} bytes went into the gate");
    client.read_head();
    let body = client.read_exactly(MANY);
    assert!(body[..sent].iter().all(|byte| *byte == b'x'));
    assert!(body[sent..].iter().all(|byte| *byte == b'y'));
}

#[test]
fn an_upload_goes_no_faster_than_upstream_takes_it() {
    for framing in [
        format!("Content-Length: {MANY}"),
        "Transfer-Encoding: chunked".to_owned(),
    ] {
        let chunked = framing.contains("chunked");
        let (go, gone) = mpsc::channel::<()>();
        let gone = std::sync::Mutex::new(gone);
        let origin = ScriptedOrigin::start(move |_, mut wire| {
            wire.read_head();
            gone.lock().unwrap().recv().unwrap();
            let mut taken = 0;
            while taken < MANY {
                let size = if chunked {
                    usize::from_str_radix(wire.read_until("\r\n").trim_end(), 16).unwrap()
                } else {
                    MANY
                };
                taken += wire.read_exactly(size).len();
                if chunked {
                    assert_eq!(wire.read_exactly(2), b"\r\n");
                }
            }
            if chunked {
                assert_eq!(wire.read_exactly(5), b"0\r\n\r\n");
            }
            wire.send(OK);
        });
        let front = Front::before(&origin);
        let mut client = Wire::connect(front.address);
        client.send(format!("PUT /k HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n"));
        if chunked {
            client.send(format!("{MANY:x}\r\n"));
        }
        let sent = client.fill(MANY, STALLED);
        assert!(sent < HELD, "{sent} bytes went into the gate");
        go.send(()).unwrap();
        client.send(vec![b'x'; MANY - sent]);
        if chunked {
            client.send("\r\n0\r\n\r\n");
        }
        assert!(client.read_head().starts_with("HTTP/1.1 200 OK"));
    }
}

#[test]
fn an_early_answer_is_relayed_while_the_upload_goes_on() {
    for early in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n0\r\n\r\n",
    ] {
        let (taken, was_taken) = mpsc::channel();
        let origin = ScriptedOrigin::start(move |number, mut wire| {
            assert_eq!(number, 0, "the connection serves again after the upload");
            wire.read_until("first half");
            wire.send(early);
            assert_eq!(wire.read_exactly(11), b"second half");
            taken.send(()).unwrap();
            wire.read_head();
            wire.send(OK);
        });
        let front = Front::before(&origin);
        let mut client = Wire::connect(front.address);
        client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 21\r\n\r\nfirst half");
        client.read_until("early");
        if early.contains("chunked") {
            assert_eq!(client.read_exactly(7), b"\r\n0\r\n\r\n");
        }
        client.send("second half");
        was_taken.recv().unwrap();
        client.send(GET);
        assert!(client.read_head().starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(client.read_exactly(2), b"ok");
    }
}

#[test]
fn both_bodies_stream_at_once() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        for _ in 0..5 {
            let byte = wire.read_exactly(1);
            wire.send(byte);
        }
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
    client.read_head();
    for byte in b"hello" {
        client.send([*byte]);
        assert_eq!(client.read_exactly(1), [*byte]);
    }
}

#[test]
fn an_upstream_that_breaks_an_upload_off_still_has_its_say() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        // Closed with bytes unread: a reset goes out behind the answer.
        thread::sleep(Duration::from_millis(100));
        wire.reset();
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send(format!(
        "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: {MANY}\r\n\r\n"
    ));
    let _ = client.try_send(vec![b'x'; 1 << 20]);
    assert!(client.read_head().starts_with("HTTP/1.1 403 Forbidden\r\n"));
    assert_eq!(client.read_exactly(2), b"no");
}

#[test]
fn an_upload_that_breaks_off_without_an_answer_is_an_error() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.reset();
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhello");
    let answer = client.read_to_end();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
}

#[test]
fn an_answer_that_breaks_off_is_never_ended_as_if_complete() {
    for (head, body) in [
        ("Content-Length: 10", "hello"),
        ("Transfer-Encoding: chunked", "a\r\nhello"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX-Sum: 1\r\n"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\nevil\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "5\r\nhello0\r\n\r\n"),
    ] {
        for reset in [false, true] {
            let origin = ScriptedOrigin::start(move |_, mut wire| {
                wire.read_head();
                wire.send(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}"));
                if reset {
                    thread::sleep(Duration::from_millis(50));
                    wire.reset();
                } else {
                    wire.close();
                }
            });
            let front = Front::before(&origin);
            let mut client = Wire::connect(front.address);
            client.send(GET);
            let answer = client.read_to_end();
            assert!(
                answer.contains("hello"),
                "what came before the break passes: {answer:?}"
            );
            assert!(!answer.ends_with("0\r\n\r\n"), "{body:?} ended as {answer:?}");
            assert!(!answer.contains("evil"), "{answer:?}");
        }
    }
}

#[test]
fn a_client_that_goes_away_cancels_the_exchange() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while wire.try_send("1\r\nx\r\n").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send(GET);
    client.read_head();
    drop(client);
    // The origin's script ends when its writes fail; dropping the origin waits for that.
    drop(origin);
}

#[test]
fn a_client_that_breaks_its_upload_off_is_not_taken_for_one_that_ended_it() {
    for (head, body) in [
        ("Content-Length: 10", "hello"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n"),
    ] {
        let origin = ScriptedOrigin::start(|_, mut wire| {
            wire.read_until("hello");
            let rest = wire.read_to_end();
            assert!(!rest.contains("0\r\n\r\n"), "{rest:?}");
        });
        let front = Front::before(&origin);
        let mut client = Wire::connect(front.address);
        client.send(format!("PUT /k HTTP/1.1\r\nHost: h\r\n{head}\r\n\r\n{body}"));
        thread::sleep(Duration::from_millis(100));
        drop(client);
        drop(origin);
    }
}

#[test]
fn a_body_that_is_faulty_beyond_its_first_bytes_ends_the_upload() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        let seen = wire.read_to_end();
        assert!(!seen.contains("evil") && !seen.contains("0\r\n\r\n"), "{seen:?}");
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send(
        "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nevil\r\n0\r\n\r\n",
    );
    assert!(!client.read_to_end().starts_with("HTTP/1.1 200"));
}
