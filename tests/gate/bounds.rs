//! What clients may take, in size and in number: each bound met from both sides.

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, V2, bare, request},
    program::{Program, Settings as ProgramSettings},
    support::{Ending, ScriptedOrigin, Wire},
};
use obsgate::config::Limits;
use std::{
    fmt::Write as _,
    net::{SocketAddr, TcpStream},
    num::NonZeroU32,
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

/// A GET whose target has so many bytes, with so many headers, of so many bytes altogether.
pub(crate) fn sized(target: usize, headers: usize, bytes: usize) -> String {
    let path = "/mine/";
    let mut text = format!(
        "GET {path}{} HTTP/1.1\r\nHost: obs.example.com\r\n{V2}\r\n",
        "k".repeat(target - path.len())
    );
    for n in 2..headers - 1 {
        let _ = write!(text, "x{n}: y\r\n");
    }
    let filled = bytes - text.len() - "x: \r\n\r\n".len();
    let _ = write!(text, "x: {}\r\n\r\n", "y".repeat(filled));
    assert_eq!((text.len(), text.matches("\r\n").count()), (bytes, headers + 2));
    text
}

/// A gate with these limits.
pub(crate) fn limited(origin: &ScriptedOrigin, change: impl FnOnce(&mut Limits)) -> Running {
    Setup {
        limits: limits(change),
        ..Setup::before(origin)
    }
    .start()
}

/// A connection that has asked for something, and so been accepted.
pub(crate) fn served(mut wire: Wire) -> Wire {
    wire.send(bare("GET /mine/k", &[V2]));
    let answer = Answer::read(&mut wire, false);
    assert_eq!(answer.body, "ok", "{answer:?}");
    wire
}

#[track_caller]
pub(crate) fn assert_slowed_down(answer: &Answer, rule: &str) {
    assert_eq!(
        (answer.status(), answer.element("Code"), answer.rule()),
        (503, "SlowDown", rule),
        "{answer:?}"
    );
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    answer.assert_echoes_nothing();
}

/// Asserts that a connection is answered with a refusal and closed.
#[track_caller]
fn assert_turned_away(mut wire: Wire, rule: &str) {
    wire.send(bare("GET /mine/k", &[V2]));
    let answer = Answer::read(&mut wire, false);
    assert_slowed_down(&answer, rule);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
}

/// Asserts that a connection is closed without a word, whatever comes over it.
#[track_caller]
fn assert_closed_unanswered(address: SocketAddr) {
    let mut wire = Wire::connect(address);
    let _ = wire.try_send("hello");
    assert_eq!(wire.read_to_ending().0, "");
}

#[test]
fn a_head_passes_at_its_bounds_and_is_refused_one_past_each() {
    let origin = ScriptedOrigin::answering(OK);
    for (target, headers, bytes) in [
        (1_024, 16, 8_192),
        (16_384, 100, 65_536),
        (65_534, 1_000, 1_048_576),
    ] {
        let gate = Setup {
            limits: limits(|limits| {
                (limits.target_bytes, limits.headers, limits.head_bytes) = (target, headers, bytes);
            }),
            ..Setup::before(&origin)
        }
        .start();
        for over in [Over::Http, Over::Https] {
            let mut wire = gate.connect(over);
            for _ in 0..2 {
                wire.send(sized(target, headers, bytes));
                assert_eq!(Answer::read(&mut wire, false).body, "ok");
            }
            for (request, rule) in [
                (sized(target + 1, headers, bytes), "guard.target-too-long"),
                (sized(target, headers + 1, bytes), "guard.too-many-fields"),
                (sized(target, headers, bytes + 1), "guard.head-too-large"),
            ] {
                let mut wire = gate.connect(over);
                wire.send(request);
                let refused = Answer::read(&mut wire, false);
                refused.assert_refused("InvalidRequest");
                assert_eq!(refused.rule(), rule);
                assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
            }
        }
        for rule in [
            "guard.target-too-long",
            "guard.too-many-fields",
            "guard.head-too-large",
        ] {
            gate.wait_for_hits(rule, 2);
        }
        let events = gate.events();
        let refused = events.iter().filter(|event| event["outcome"] == "malformed");
        assert_eq!((events.len(), refused.count()), (10, 6));
    }
}

#[test]
fn connections_at_the_bound_are_served_and_those_over_it_are_told_to_slow_down_until_there_is_room() {
    let origin = ScriptedOrigin::answering(OK);
    for workers in [1, 2] {
        let gate = Setup {
            workers,
            limits: limits(|limits| limits.connections_per_listener = 3),
            ..Setup::before(&origin)
        }
        .start();
        let mut open: Vec<_> = (0..3).map(|_| served(gate.connect(Over::Http))).collect();
        for _ in 0..2 {
            assert_turned_away(gate.connect(Over::Http), "limit.connections");
        }
        // Each listener has a bound of its own; over TLS nothing is said.
        let secure: Vec<_> = (0..3).map(|_| served(gate.connect(Over::Https))).collect();
        assert_closed_unanswered(gate.addresses[1]);
        gate.wait_for_hits("limit.connections", 3);
        assert_eq!(gate.metric("obsgate_connections_turned_away_total"), 3);
        gate.wait_for_metric("obsgate_connections", |open| open == 6);
        open.pop();
        gate.wait_for_metric("obsgate_connections", |open| open == 5);
        open = open.into_iter().map(served).collect();
        open.push(served(gate.connect(Over::Http)));
        assert_turned_away(gate.connect(Over::Http), "limit.connections");
        drop((open, secure));
        gate.wait_for_metric("obsgate_connections", |open| open == 0);
        let events = gate.events();
        let limited = events.iter().filter(|event| event["outcome"] == "limited");
        assert!(
            limited
                .clone()
                .all(|event| event["rule"] == "limit.connections" && event["status"] == 503)
        );
        assert_eq!((limited.count(), events.len()), (3, 12));
    }
}

#[test]
fn what_a_turned_away_connection_asks_changes_nothing() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = limited(&origin, |limits| limits.connections_per_listener = 1);
    let _only = served(gate.connect(Over::Http));
    let upload = request("PUT /mine/k", &[V2, "Content-Length: 9"], "body");
    for (text, to_head) in [
        (bare("HEAD /mine/k", &[V2]), true),
        (upload, false),
        (bare("GET /mine/k", &[V2]).repeat(3), false),
        (bare("GET /mine/../../k", &[V2]), false),
    ] {
        let mut wire = gate.connect(Over::Http);
        wire.send(text);
        let answer = Answer::read(&mut wire, to_head);
        assert_eq!((answer.status(), answer.rule()), (503, "limit.connections"));
        assert_eq!(wire.read_to_ending(), (String::new(), Ending::Closed));
    }
    // Bytes that nobody can read are named first.
    let mut wire = gate.connect(Over::Http);
    wire.send("GET / HTTP/1.1\nHost: obs.example.com\n\n");
    assert_eq!(Answer::read(&mut wire, false).rule(), "guard.bare-lf");
    assert_eq!(origin.seen(0).matches("GET ").count(), 1);
}

#[test]
fn connections_over_the_bound_that_do_not_ask_are_few_and_short() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = limited(&origin, |limits| limits.connections_per_listener = 1);
    let only = served(gate.connect(Over::Http));
    let mut silent: Vec<_> = (0..64).map(|_| gate.connect(Over::Http)).collect();
    assert_closed_unanswered(gate.addresses[0]);
    for wire in &mut silent {
        assert_eq!(wire.read_to_end(), "");
    }
    assert_turned_away(gate.connect(Over::Http), "limit.connections");
    gate.wait_for_hits("limit.connections", 2);
    assert_eq!(gate.metric("obsgate_connections_turned_away_total"), 66);
    served(only);
}

/// A connection from an address of the loopback network.
#[cfg(target_os = "linux")]
fn connect_from(address: [u8; 4], to: SocketAddr) -> Wire {
    use socket2::{Domain, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    Wire::new(TcpStream::from(socket))
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_over_its_bound_is_told_to_slow_down_and_another_is_served() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Setup {
        workers: 2,
        limits: limits(|limits| limits.connections_per_peer = NonZeroU32::new(2)),
        ..Setup::before(&origin)
    }
    .start();
    let first = served(gate.connect(Over::Http));
    let second = served(gate.connect(Over::Https));
    assert_turned_away(gate.connect(Over::Http), "limit.peer");
    assert_closed_unanswered(gate.addresses[1]);
    for _ in 0..2 {
        served(connect_from([127, 0, 0, 2], gate.addresses[0]));
    }
    gate.wait_for_hits("limit.peer", 2);
    drop(second);
    gate.wait_for_metric("obsgate_connections", |open| open == 1);
    drop((first, served(gate.connect(Over::Http))));
    gate.wait_for_metric("obsgate_connections", |open| open == 0);
}

/// An origin that gives half of an answer, and the rest when it is told to; and the end that tells it.
fn halting() -> (ScriptedOrigin, mpsc::Sender<()>) {
    let (go_on, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    let origin = ScriptedOrigin::start(move |_, mut wire| {
        while wire.read_next_head().is_some() {
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
            let go_on = wait.lock().unwrap();
            go_on.recv_timeout(Duration::from_secs(20)).unwrap();
            drop(go_on);
            wire.send("k");
        }
    });
    (origin, go_on)
}

#[test]
fn requests_in_flight_at_the_bound_are_served_and_those_over_it_are_told_to_slow_down_until_one_ends() {
    for over in [Over::Http, Over::Https] {
        let (origin, go_on) = halting();
        let gate = limited(&origin, |limits| limits.requests_in_flight = 2);
        let mut begun: Vec<_> = (0..2)
            .map(|_| {
                let mut wire = gate.connect(over);
                wire.send(bare("GET /mine/k", &[V2]));
                wire.read_until("\r\n\r\no");
                wire
            })
            .collect();
        assert_eq!(gate.metric("obsgate_requests_in_flight"), 2);
        let mut third = gate.connect(over);
        for _ in 0..3 {
            third.send(bare("GET /mine/k", &[V2]));
            let answer = Answer::read(&mut third, false);
            assert_slowed_down(&answer, "limit.requests");
            assert_eq!(answer.header("connection"), None);
        }
        let mut fourth = gate.connect(over);
        fourth.send(request("PUT /mine/k", &[V2, "Content-Length: 600"], "x"));
        let answer = Answer::read(&mut fourth, false);
        assert_slowed_down(&answer, "limit.requests");
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(fourth.read_to_ending(), (String::new(), Ending::Closed));
        drop(fourth);
        gate.wait_for_hits("limit.requests", 4);
        assert_eq!(gate.metric("obsgate_requests_in_flight"), 2);
        go_on.send(()).unwrap();
        go_on.send(()).unwrap();
        go_on.send(()).unwrap();
        for wire in &mut begun {
            assert_eq!(wire.read_exactly(1), b"k");
        }
        gate.wait_for_metric("obsgate_requests_in_flight", |requests| requests == 0);
        served(third);
        drop(begun);
        let events = gate.events();
        let limited = events.iter().filter(|event| event["outcome"] == "limited");
        assert_eq!((limited.count(), events.len()), (4, 7));
    }
}

#[test]
fn a_request_whose_client_went_away_is_in_flight_no_more() {
    let (origin, go_on) = halting();
    let gate = limited(&origin, |limits| limits.requests_in_flight = 1);
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("GET /mine/k", &[V2]));
    wire.read_until("\r\n\r\no");
    wire.reset();
    gate.wait_for_metric("obsgate_requests_in_flight", |requests| requests == 0);
    go_on.send(()).unwrap();
    go_on.send(()).unwrap();
    served(gate.connect(Over::Http));
}

/// Too few for what the test opens, and enough for the gate to start.
const FEW: u32 = 64;

#[test]
fn a_gate_out_of_file_descriptors_neither_spins_nor_chatters_and_serves_again_when_it_has_some() {
    let origin = ScriptedOrigin::answering(OK);
    let began = Instant::now();
    let mut program = Program::start(&ProgramSettings {
        descriptors: Some((FEW, FEW)),
        ..ProgramSettings::before(origin.address())
    });
    program.wait_for("fewer file descriptors than `connections_per_listener` wants");
    let open: Vec<_> = (0..2 * FEW).map(|_| program.connect(Over::Http)).collect();
    program.wait_for("connections cannot be accepted");
    thread::sleep(Duration::from_millis(500));
    drop(open);
    let until = began + Duration::from_secs(20);
    while !program
        .operator("/metrics")
        .1
        .contains("\nobsgate_connections 0\n")
    {
        assert!(Instant::now() < until, "{}", program.printed());
    }
    for _ in 0..3 {
        served(program.connect(Over::Http));
        served(program.connect(Over::Https));
    }
    let (_, text) = program.operator("/metrics");
    let (_, rest) = text.split_once("\nobsgate_accept_errors_total ").unwrap();
    let errors: u128 = rest.lines().next().unwrap().parse().unwrap();
    // Two workers with two listeners each try ten times a second.
    let most = 4 * (began.elapsed().as_millis() / 100 + 1);
    assert!((1..=most).contains(&errors), "{errors} of {most}");
    program.signal("TERM");
    let (code, printed) = program.wait();
    assert_eq!(code, Some(0));
    let lines = printed.matches("connections cannot be accepted").count() as u64;
    let most = 4 * (began.elapsed().as_secs() / 10 + 1);
    assert!(lines <= most, "{printed}");
}

#[test]
fn the_limit_of_file_descriptors_is_raised_as_far_as_it_goes() {
    let origin = ScriptedOrigin::answering(OK);
    let program = Program::start(&ProgramSettings {
        descriptors: Some((FEW, 16 * FEW)),
        ..ProgramSettings::before(origin.address())
    });
    let open: Vec<_> = (0..2 * FEW)
        .map(|_| served(program.connect(Over::Http)))
        .collect();
    assert!(program.printed().contains("fewer file descriptors"));
    assert!(!program.printed().contains("cannot be accepted"));
    drop(open);
}
