//! The budget for buffers, used up in each way there is: what is under way goes on, what is new is told to slow down.

use crate::{
    bounds::{OK, assert_slowed_down, limited, served, sized},
    harness::{Over, Running},
    message::{Answer, V2, bare, request},
    support::{Ending, ScriptedOrigin, Wire},
};
use socket2::{Domain, Socket, Type};
use std::{
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

const MIB: u64 = 1 << 20;
/// The least budget there is.
const BUDGET: u64 = 16 * MIB;

fn with_least_budget(origin: &ScriptedOrigin) -> Running {
    limited(origin, |limits| {
        limits.buffer_bytes = usize::try_from(BUDGET).unwrap();
    })
}

/// Begins one exchange after the other, until one is told to slow down; gives those that were not.
fn begin_until_slowed_down(gate: &Running, asking: impl Fn() -> Wire) -> Vec<Wire> {
    let mut begun = Vec::new();
    loop {
        assert!(begun.len() < 1_000, "{}", gate.metric("obsgate_buffered_bytes"));
        let mut wire = asking();
        let head = wire.read_head();
        if head.starts_with("HTTP/1.1 503 ") {
            assert!(head.contains("\r\nx-obsgate-rule: limit.buffers\r\n"), "{head}");
            gate.wait_for_hits("limit.buffers", 1);
            return begun;
        }
        begun.push(wire);
    }
}

#[track_caller]
fn assert_all_is_given_back(gate: &Running) {
    gate.wait_for_metric("obsgate_buffered_bytes", |bytes| bytes == 0);
    assert_eq!(gate.metric("obsgate_requests_in_flight"), 0);
}

/// A connection whose socket takes little at a time.
fn connect_narrow(to: SocketAddr) -> Wire {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    socket.connect(&to.into()).unwrap();
    Wire::new(TcpStream::from(socket))
}

#[test]
fn clients_that_do_not_read_use_the_buffers_up_and_get_the_whole_of_their_answers_all_the_same() {
    const SIZE: usize = 6 << 20;
    let origin = ScriptedOrigin::start(|_, mut wire| {
        while let Some(head) = wire.read_next_head() {
            if head.starts_with("GET /mine/large ") {
                wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"));
                // A client may have gone away.
                let _ = wire.try_send(vec![b'x'; SIZE]);
            } else {
                wire.send(OK);
            }
        }
    });
    let gate = with_least_budget(&origin);
    let asking = || {
        let mut wire = connect_narrow(gate.addresses[0]);
        wire.send(bare("GET /mine/large", &[V2]));
        wire
    };
    let mut open = begin_until_slowed_down(&gate, asking);
    // No answer makes much more of it once it is used up: what is beyond is a piece of each.
    let most = BUDGET + open.len() as u64 * 300 * 1_024;
    thread::sleep(Duration::from_millis(200));
    assert!(gate.metric("obsgate_buffered_bytes") < most);
    drop(open.pop());
    for wire in &mut open {
        wire.discard(SIZE);
    }
    assert_all_is_given_back(&gate);
    drop(open);
    served(gate.connect(Over::Http));
}

#[test]
fn forms_that_are_held_use_the_buffers_up_and_are_sent_when_they_are_whole() {
    let origin = ScriptedOrigin::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let gate = with_least_budget(&origin);
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let begun = field("x-ignore-it", &"x".repeat(60_000)) + &field("key", "k");
    let ended =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nbody\r\n--b--\r\n";
    let length = format!("Content-Length: {}", begun.len() + ended.len());
    let head = [&length, "Content-Type: multipart/form-data; boundary=b"];
    let post = |wire: &mut Wire| wire.send(request("POST /mine", &head, &begun));
    let mut open: Vec<_> = (0..260).map(|_| gate.connect(Over::Http)).collect();
    let (first, others) = open.split_at_mut(20);
    first.iter_mut().for_each(post);
    gate.wait_for_metric("obsgate_buffered_bytes", |bytes| bytes > MIB);
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("DELETE /mine/k", &[V2]));
    assert_eq!(Answer::read(&mut wire, false).status(), 204);
    others.iter_mut().for_each(post);
    gate.wait_for_metric("obsgate_buffered_bytes", |bytes| bytes >= BUDGET);
    wire.send(bare("DELETE /mine/k", &[V2]));
    let answer = Answer::read(&mut wire, false);
    assert_slowed_down(&answer, "limit.buffers");
    // What the connection holds goes with it.
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
    drop(wire);
    let mut passed = 0;
    for mut wire in open {
        let _ = wire.try_send(ended);
        match Answer::read(&mut wire, false).status() {
            204 => passed += 1,
            status => assert_eq!(status, 503),
        }
    }
    assert!(passed >= 100, "{passed}");
    assert_all_is_given_back(&gate);
}

#[test]
fn uploads_that_the_store_does_not_take_use_the_buffers_up_and_arrive_whole() {
    const SIZE: usize = 6 << 20;
    let go_on = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&go_on);
    let origin = ScriptedOrigin::start(move |_, mut wire| {
        while wire.read_next_head().is_some_and(|head| head.starts_with("PUT ")) {
            wire.send("HTTP/1.1 100 Continue\r\n\r\n");
            while !told.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(5));
            }
            wire.discard(SIZE);
            wire.send(OK);
        }
    });
    let gate = with_least_budget(&origin);
    let length = format!("Content-Length: {SIZE}");
    let mut open = Vec::new();
    loop {
        assert!(open.len() < 200, "{}", gate.metric("obsgate_buffered_bytes"));
        let mut wire = gate.connect(Over::Http);
        wire.send(bare("PUT /mine/k", &[V2, "Expect: 100-continue", &length]));
        let head = wire.read_head();
        if !head.starts_with("HTTP/1.1 100 ") {
            assert!(head.contains("\r\nx-obsgate-rule: limit.buffers\r\n"), "{head}");
            break;
        }
        let sent = wire.fill(SIZE, Duration::from_millis(20));
        open.push((wire, sent));
    }
    gate.wait_for_hits("limit.buffers", 1);
    go_on.store(true, Ordering::SeqCst);
    for (wire, sent) in &mut open {
        wire.send(vec![b'x'; SIZE - *sent]);
        assert_eq!(Answer::read(wire, false).body, "ok");
    }
    gate.wait_for_metric("obsgate_requests_in_flight", |requests| requests == 0);
    // What they were read into has gone with them, although the connections are there.
    gate.wait_for_metric("obsgate_buffered_bytes", |bytes| bytes == 0);
    drop(open);
    assert_all_is_given_back(&gate);
}

#[test]
fn heads_that_do_not_end_use_the_buffers_up_until_they_do() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = with_least_budget(&origin);
    let whole = sized(100, 10, 60_000);
    let (begun, ended) = whole.split_at(59_990);
    let mut open: Vec<_> = (0..300)
        .map(|_| {
            let mut wire = gate.connect(Over::Http);
            wire.send(begun);
            wire
        })
        .collect();
    gate.wait_for_metric("obsgate_buffered_bytes", |bytes| bytes >= BUDGET);
    let mut other = gate.connect(Over::Http);
    other.send(bare("GET /mine/k", &[V2]));
    assert_slowed_down(&Answer::read(&mut other, false), "limit.buffers");
    drop(other);
    for wire in open.drain(..200) {
        wire.close();
    }
    gate.wait_for_metric("obsgate_buffered_bytes", |bytes| bytes < BUDGET - MIB);
    for wire in &mut open {
        wire.send(ended);
        assert_eq!(Answer::read(wire, false).body, "ok");
    }
    drop(open);
    assert_all_is_given_back(&gate);
}
