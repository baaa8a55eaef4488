//! The budget for buffers, where a connection carries many streams: all that is held counts, and is given back.

use crate::{
    bounds::{OK, busy},
    frames::{CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, HEADERS, block},
    harness::{Over, Running, Setup},
    message::{OBS, V4, bare},
    peer::{Peer, fields, headers},
    support::{ScriptedOrigin, Wire},
};
use socket2::{Domain, Socket, Type};
use std::{
    net::{SocketAddr, TcpListener},
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
const GAUGE: &str = "obsgate_buffered_bytes";
const INITIAL_WINDOW: u16 = 4;

fn with_least_budget(to: SocketAddr) -> Running {
    let mut setup = Setup::to(to);
    setup.limits.buffer_bytes = usize::try_from(BUDGET).unwrap();
    setup.start()
}

/// A store that takes nothing of a body of that size before it is told to; its sockets take little by themselves.
fn store_that_waits(size: usize, go_on: &Arc<AtomicBool>) -> SocketAddr {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(16 << 10).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    socket.listen(1_000).unwrap();
    let listener = TcpListener::from(socket);
    let address = listener.local_addr().unwrap();
    let go_on = Arc::clone(go_on);
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let (mut wire, go_on) = (Wire::new(tcp.unwrap()), Arc::clone(&go_on));
            thread::spawn(move || {
                while let Some(head) = wire.read_next_head() {
                    if head.starts_with("PUT ") {
                        while !go_on.load(Ordering::SeqCst) {
                            thread::sleep(Duration::from_millis(5));
                        }
                        wire.discard(size);
                    }
                    if wire.try_send(OK).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// Sends a piece of a body, if the windows have room for it.
fn send_piece(peer: &mut Peer, upload: &mut Upload, in_all: &mut u32) -> bool {
    let room = (peer.so_far(upload.stream).window + WINDOW - upload.sent).min(peer.window - *in_all);
    if upload.sent == SIZE || room < PIECE {
        return false;
    }
    upload.sent += PIECE;
    *in_all += PIECE;
    peer.data(upload.stream, [b'x'; PIECE as usize], upload.sent == SIZE);
    true
}

struct Upload {
    stream: u32,
    sent: u32,
}

fn begin_upload(peer: &mut Peer) -> Upload {
    let length = format!("Content-Length: {SIZE}");
    let stream = peer.begin(&fields("PUT /mine/k", &[V4, &length]), false);
    Upload { stream, sent: 0 }
}

/// What a stream may hold, and more than the sockets between the gate and its store do.
const WINDOW: u32 = 1 << 20;
const SIZE: u32 = 6 << 20;
const PIECE: u32 = 16_384;

#[test]
fn bodies_that_the_store_does_not_take_use_the_buffers_up_and_arrive_whole() {
    const CONNECTIONS: usize = 6;
    let go_on = Arc::new(AtomicBool::new(false));
    let gate = with_least_budget(store_that_waits(SIZE as usize, &go_on));
    let mut peers: Vec<_> = (0..CONNECTIONS).map(|_| Peer::connect(&gate)).collect();
    // All of them are under way before the budget is used up.
    let begin = |peer: &mut Peer| {
        let uploads = [(); 4].map(|()| begin_upload(peer));
        peer.assert_alive();
        uploads
    };
    let uploads: Vec<[Upload; 4]> = peers.iter_mut().map(begin).collect();
    let sending = peers.drain(..).zip(uploads).map(|(mut peer, mut uploads)| {
        thread::spawn(move || {
            let mut in_all = 0;
            while uploads.iter().any(|upload| upload.sent < SIZE) {
                let went = uploads
                    .each_mut()
                    .map(|upload| send_piece(&mut peer, upload, &mut in_all));
                if went == [false; 4] {
                    assert!(peer.read().is_some());
                }
            }
            let answers = uploads.map(|upload| peer.answer(upload.stream).text());
            (peer, answers)
        })
    });
    let sending: Vec<_> = sending.collect();
    gate.wait_for_metric(GAUGE, |bytes| bytes >= BUDGET);
    // Nothing is read any more: the windows would let 24 MiB be held.
    thread::sleep(Duration::from_millis(300));
    let held = gate.metric(GAUGE);
    assert!(held < BUDGET + CONNECTIONS as u64 * 128 * 1_024, "{held}");
    let mut other = Peer::connect(&gate);
    assert_eq!(other.ask("GET /mine/k", &[V4]).rule(), "limit.buffers");
    other.assert_alive();
    let answer = gate.ask(Over::Https, bare("GET /mine/k", &[V4]));
    assert_eq!((answer.status(), answer.rule()), (503, "limit.buffers"));
    go_on.store(true, Ordering::SeqCst);
    let mut peers: Vec<Peer> = sending
        .into_iter()
        .map(|sent| {
            let (peer, answers) = sent.join().unwrap();
            assert_eq!(answers, ["ok"; 4]);
            peer
        })
        .collect();
    gate.wait_for_metric(GAUGE, |bytes| bytes == 0);
    peers.iter_mut().for_each(Peer::assert_serves);
    other.assert_serves();
}

#[test]
fn a_connection_that_goes_away_gives_back_all_that_it_holds() {
    let go_on = Arc::new(AtomicBool::new(false));
    let gate = with_least_budget(store_that_waits(SIZE as usize, &go_on));
    let mut peer = Peer::connect(&gate);
    let (mut upload, mut in_all) = (begin_upload(&mut peer), 0);
    while gate.metric(GAUGE) < MIB / 2 {
        while send_piece(&mut peer, &mut upload, &mut in_all) {}
        assert!(upload.sent < SIZE);
        peer.assert_alive();
    }
    drop(peer);
    gate.wait_for_metric(GAUGE, |bytes| bytes == 0);
}

#[test]
fn what_comes_for_a_refused_stream_is_not_held() {
    let origin = busy();
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    peer.begin(&fields("GET /mine/k", &[V4]), true);
    let upload = peer.begin(&fields("PUT /mine/k", &[V4]), false);
    peer.data(upload, "a little", false);
    for _ in 0..8 {
        let stream = peer.number();
        let mut bytes = headers(stream, &block(&fields("PUT /mine/k?Acl", &[OBS])), false);
        let piece = Frame::new(DATA, 0, stream, vec![b'x'; 16_384]).bytes();
        bytes.extend(piece.repeat(20));
        peer.send_bytes(bytes);
        assert_eq!(peer.answer(stream).rule(), "malformed.subresource");
        peer.wait(stream, |stream| stream.reset.is_some());
        peer.assert_alive();
    }
    gate.wait_for_metric(GAUGE, |bytes| bytes < 80_000);
}

/// A store with answers of this many bytes.
fn answering_at_length(size: usize) -> ScriptedOrigin {
    ScriptedOrigin::answering(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{}",
        "x".repeat(size)
    ))
}

/// A client that takes one byte of each answer unasked.
fn sparing(gate: &Running) -> Peer {
    let mut peer = Peer::with_settings(gate, &[(INITIAL_WINDOW, 1)]);
    peer.generous = false;
    peer
}

#[test]
fn an_answer_that_its_client_does_not_take_is_held_and_counts_though_its_request_is_over() {
    const STREAMS: usize = 50;
    const SIZE: usize = 10_000;
    let origin = answering_at_length(SIZE);
    let gate = Running::before(&origin);
    let mut peer = sparing(&gate);
    let request = fields("GET /mine/k", &[V4]);
    let streams: Vec<u32> = (0..STREAMS).map(|_| peer.begin(&request, true)).collect();
    for stream in &streams {
        peer.wait(*stream, |stream| stream.body.len() == 1);
    }
    gate.wait_for_metric("obsgate_requests_in_flight", |requests| requests == 0);
    gate.wait_for_metric(GAUGE, |bytes| bytes == (STREAMS * SIZE) as u64);
    let (taken, reset) = streams.split_at(20);
    peer.open_window(0, 1 << 20);
    for stream in taken {
        peer.open_window(*stream, 1 << 20);
        assert_eq!(peer.answer(*stream).body.len(), SIZE);
    }
    gate.wait_for_metric(GAUGE, |bytes| bytes == (reset.len() * SIZE) as u64);
    for stream in reset {
        peer.reset(*stream, crate::frames::Code::Cancel);
    }
    gate.wait_for_metric(GAUGE, |bytes| bytes == 0);
    peer.assert_alive();
}

#[test]
fn what_was_read_of_an_answer_counts_whole_though_it_goes_out_in_small_pieces() {
    const SIZE: usize = 8 << 20;
    const STEP: usize = 150_000;
    let origin = answering_at_length(SIZE);
    let gate = Running::before(&origin);
    let mut peer = sparing(&gate);
    let stream = peer.begin(&fields("GET /mine/k", &[V4]), true);
    peer.wait(stream, |stream| stream.body.len() == 1);
    let mut most = 0;
    for taken in (1..)
        .map(|step| 1 + step * STEP)
        .take_while(|taken| *taken < SIZE)
    {
        peer.open_window(0, u32::try_from(STEP).unwrap());
        peer.open_window(stream, u32::try_from(STEP).unwrap());
        peer.wait(stream, |stream| stream.body.len() == taken);
        most = most.max(gate.metric(GAUGE));
    }
    // The pieces that go out and wait to do so have 64 KiB and 16 KiB.
    assert!(most > 128 << 10, "{most}");
    peer.reset(stream, crate::frames::Code::Cancel);
    gate.wait_for_metric(GAUGE, |bytes| bytes == 0);
}

#[test]
fn a_head_in_pieces_counts_until_it_is_whole_and_then_as_long_as_its_request() {
    let origin = busy();
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let whole = block(&fields(
        "GET /mine/k",
        &[V4, &format!("x-large: {}", "y".repeat(30_000))],
    ));
    let stream = peer.number();
    let (first, rest) = whole.split_at(16_000);
    peer.send(&Frame::new(HEADERS, END_STREAM, stream, first));
    gate.wait_for_metric(GAUGE, |bytes| bytes == 16_000);
    peer.send(&Frame::new(CONTINUATION, END_HEADERS, stream, rest));
    // With what its answer will be read into.
    gate.wait_for_metric(GAUGE, |bytes| (30_000 + 16_384..50_000).contains(&bytes));
    peer.reset(stream, crate::frames::Code::Cancel);
    gate.wait_for_metric(GAUGE, |bytes| bytes == 0);
}

#[test]
fn what_is_refused_before_it_is_a_request_is_counted() {
    const HEADS: &str = "obsgate_http2_protocol_errors_total{of=\"head\"}";
    const CONNECTIONS: &str = "obsgate_http2_protocol_errors_total{of=\"connection\"}";
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let counted = || [HEADS, CONNECTIONS].map(|name| gate.metric(name));
    let mut peer = Peer::connect(&gate);
    peer.assert_serves();
    assert_eq!(peer.ask("GET /mine/k?Acl", &[V4]).rule(), "malformed.subresource");
    assert_eq!(peer.send_body("PUT /mine/k", &[V4], "body").status(), 200);
    assert_eq!(counted(), [0, 0]);
    assert!(
        peer.ask("GET /mine/k", &[V4, "Connection: close"])
            .reset
            .is_some()
    );
    gate.wait_for_metric(HEADS, |count| count == 1);
    let large = format!("x-large: {}", "y".repeat(66_000));
    assert_eq!(peer.ask("GET /mine/k", &[V4, &large]).status(), 431);
    gate.wait_for_metric(HEADS, |count| count == 2);
    assert_eq!(counted(), [2, 0]);
    // Data for the connection itself.
    peer.send(&Frame::new(DATA, 0, 0, *b"x"));
    assert!(peer.ending().is_some());
    gate.wait_for_metric(CONNECTIONS, |count| count == 1);
    let mut polite = Peer::connect(&gate);
    polite.assert_serves();
    drop(polite);
    gate.wait_for_metric("obsgate_connections", |count| count == 0);
    assert_eq!(counted(), [2, 1]);
    assert_eq!(gate.events().len(), 4);
}
