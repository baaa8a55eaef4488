//! Bounds: what one client may take at once, and what becomes of one that wants more.

use crate::{
    frames::{
        ACK, CONTINUATION, Code, DATA, END_HEADERS, END_STREAM, Frame, HEADERS, PING, PRIORITY, RST_STREAM,
        SETTINGS, WINDOW_UPDATE, block,
    },
    harness::{Running, Setup},
    message::{OBS, V4},
    peer::{Peer, fields, headers},
    support::{ScriptedOrigin, Wire},
};
use std::sync::{Mutex, mpsc::channel};

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CALM: Code = Code::EnhanceYourCalm;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// A store that answers nothing but what shows that the gate lives.
pub(crate) fn busy() -> ScriptedOrigin {
    ScriptedOrigin::start(|_, mut wire: Wire| {
        while let Some(head) = wire.read_next_head() {
            if !head.starts_with("GET /mine/alive") {
                wire.read_to_end();
                return;
            }
            wire.send(OK);
        }
    })
}

#[test]
fn a_hundred_streams_are_under_way_at_once_and_one_more_is_refused_alone() {
    let origin = busy();
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let request = fields("GET /mine/k", &[V4]);
    let streams: Vec<u32> = (0..100).map(|_| peer.begin(&request, true)).collect();
    let more = peer.begin(&request, true);
    assert_eq!(peer.answer(more).reset, Some(Code::RefusedStream));
    for stream in &streams {
        assert_eq!(peer.so_far(*stream).reset, None);
    }
    for stream in streams {
        peer.reset(stream, Code::Cancel);
    }
    peer.assert_serves();
}

#[test]
fn as_many_headers_and_as_long_a_target_as_the_limits_say_pass_and_no_more() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let mut many: Vec<String> = (0..99).map(|number| format!("x-{number}: y")).collect();
    many.push(V4.into());
    assert_eq!(peer.ask("GET /mine/k", &many).status(), 200);
    many.push("x-more: y".into());
    assert_eq!(peer.ask("GET /mine/k", &many).rule(), "guard.too-many-fields");
    let target = |length: usize| format!("GET /mine/{}", "k".repeat(length - "/mine/".len()));
    assert_eq!(peer.ask(&target(16_384), &[V4]).status(), 200);
    assert_eq!(peer.ask(&target(16_385), &[V4]).rule(), "guard.target-too-long");
}

#[test]
fn a_head_within_the_limit_passes_and_a_larger_one_is_answered_or_reset_at_once() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let with = |size: usize| vec![V4.to_owned(), format!("x-large: {}", "y".repeat(size))];
    let mut peer = Peer::connect(&gate);
    assert_eq!(peer.ask("GET /mine/k", &with(60_000)).status(), 200);
    let answer = peer.ask("GET /mine/k", &with(66_000));
    assert_eq!((answer.status(), answer.ended), (431, true), "{answer:?}");
    peer.assert_serves();
    // Far over it nothing is worth an answer.
    let stream = peer.number();
    let _ = peer.wire_try_send(&headers(
        stream,
        &block(&fields("GET /mine/k", &with(900_000))),
        true,
    ));
    assert_cut_off(&mut peer);
    Peer::connect(&gate).assert_serves();
}

#[test]
fn a_small_block_that_unfolds_to_a_large_list_is_as_large_as_the_list() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    // One large field goes into the table, and is then named again and again by a byte.
    let mut bomb = block(&fields("GET /mine/k", &[V4]));
    let entry = block(&[("x-bomb", "y".repeat(3_500))]);
    bomb.push(0x40);
    bomb.extend(&entry[1..]);
    bomb.extend([0xbe; 8_000]);
    let stream = peer.number();
    peer.send_bytes(headers(stream, &bomb, true));
    // Reset, answered with 431, or all of it ended: never served.
    while peer.so_far(stream).reset.is_none() && !peer.so_far(stream).ended && peer.read().is_some() {}
    assert_ne!(peer.so_far(stream).status(), 200);
    Peer::connect(&gate).assert_serves();
}

/// A request that its client gives up at once.
fn forsaken(peer: &mut Peer, request: &[u8]) -> Vec<u8> {
    let stream = peer.number();
    let reset = Frame::new(RST_STREAM, 0, stream, (Code::Cancel as u32).to_be_bytes());
    [headers(stream, request, true), reset.bytes()].concat()
}

#[test]
fn a_client_that_begins_and_resets_streams_for_ever_is_cut_off() {
    let origin = busy();
    let gate = Running::before(&origin);
    let request = block(&fields("GET /mine/k", &[V4]));
    // All at once: more wait to be begun than may.
    let mut peer = Peer::connect(&gate);
    let all: Vec<u8> = (0..40).flat_map(|_| forsaken(&mut peer, &request)).collect();
    peer.send_bytes(all);
    assert_eq!(peer.ending(), Some(CALM));
    // A few at a time: each is begun, and costs a request to the store.
    let mut peer = Peer::connect(&gate);
    let mut sent = 0;
    while sent < 2_000 && {
        let few: Vec<u8> = (0..5).flat_map(|_| forsaken(&mut peer, &request)).collect();
        sent += 5;
        peer.wire_try_send(&few) && peer.alive()
    } {}
    assert!((100..200).contains(&sent), "{sent}");
    Peer::connect(&gate).assert_serves();
}

#[test]
fn a_client_that_lets_most_of_its_requests_be_answered_may_give_up_others() {
    let origin = busy();
    let gate = Running::before(&origin);
    let request = block(&fields("GET /mine/k", &[V4]));
    let mut peer = Peer::connect(&gate);
    for _ in 0..150 {
        peer.assert_serves();
        let one = forsaken(&mut peer, &request);
        peer.send_bytes(one);
    }
    peer.assert_serves();
}

#[test]
fn a_client_that_has_its_streams_reset_for_ever_is_cut_off() {
    let origin = busy();
    let gate = Running::before(&origin);
    // Each announces a body that does not come.
    let request = block(&fields("PUT /mine/k", &[V4, "Content-Length: 5"]));
    let mut peer = Peer::connect(&gate);
    let mut sent = 0;
    while sent < 2_000 && {
        let stream = peer.number();
        sent += 1;
        peer.wire_try_send(&headers(stream, &request, true)) && peer.alive()
    } {}
    assert!((100..200).contains(&sent), "{sent}");
    assert_eq!(peer.ending(), Some(CALM));
    Peer::connect(&gate).assert_serves();
}

#[test]
fn a_block_in_endless_pieces_is_cut_off() {
    let origin = busy();
    let gate = Running::before(&origin);
    for piece in [&b""[..], b"\0\x01x\x01y"] {
        let mut peer = Peer::connect(&gate);
        peer.send(&Frame::new(
            HEADERS,
            END_STREAM,
            1,
            block(&fields("GET /mine/k", &[V4])),
        ));
        let next = Frame::new(CONTINUATION, 0, 1, piece);
        // The gate may have ended it before the last piece is sent.
        (0..20).take_while(|_| peer.try_send(&next)).for_each(drop);
        assert_cut_off(&mut peer);
        Peer::connect(&gate).assert_serves();
    }
}

#[test]
fn a_flood_of_frames_that_ask_for_an_answer_weighs_no_more_than_it_is_read() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    for frame in [
        Frame::new(PING, 0, 0, *b"12345678"),
        Frame::new(SETTINGS, 0, 0, []),
        Frame::new(PRIORITY, 0, 1, [0, 0, 0, 3, 7]),
        Frame::new(0xfe, 0, 0, vec![0; 1_000]),
    ] {
        // The client reads nothing: the gate stops reading before it holds more than a few answers.
        let mut peer = Peer::connect(&gate);
        let bytes = frame.bytes().repeat(1_000);
        let sent = (0..100).take_while(|_| peer.wire_try_send(&bytes)).count();
        assert!(sent > 0);
        Peer::connect(&gate).assert_serves();
    }
}

#[test]
fn a_client_that_says_what_moves_no_request_for_ever_is_cut_off_and_counted() {
    let origin = busy();
    let gate = Running::before(&origin);
    let floods = [
        Frame::new(PING, ACK, 0, *b"12345678"),
        Frame::new(PING, 0, 0, *b"12345678"),
        Frame::new(SETTINGS, 0, 0, []),
        Frame::new(PRIORITY, 0, 1, [0, 0, 0, 3, 7]),
        Frame::new(WINDOW_UPDATE, 0, 0, 1u32.to_be_bytes()),
        Frame::new(0xfe, 0, 0, vec![0; 1_000]),
        Frame::new(0xfe, 0, 0, []),
        Frame::new(DATA, 0, 1, []),
    ];
    for (number, frame) in (1..).zip(&floods) {
        let mut peer = Peer::connect(&gate);
        // Also with a request under way that nobody answers.
        let stream = peer.begin(&fields("PUT /mine/k", &[V4]), false);
        assert_eq!(stream, 1);
        let bytes = frame.bytes().repeat(100);
        // Twice as many as are endured, at most.
        for _ in 0..20 {
            if !peer.wire_try_send(&bytes) {
                break;
            }
        }
        // Empty DATA are ended by `h2` itself before.
        assert!(matches!(peer.ending(), None | Some(CALM)), "{frame:?}");
        let counted = gate.metric("obsgate_http2_protocol_errors_total{of=\"connection\"}");
        assert_eq!(counted, number, "{frame:?}");
    }
    Peer::connect(&gate).assert_serves();
}

#[test]
fn a_client_that_opens_its_window_piece_by_piece_gets_all_of_a_large_answer() {
    const PIECE: u32 = 200;
    const PIECES: usize = 5_000;
    let size = PIECES * PIECE as usize;
    let origin = ScriptedOrigin::answering(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{}",
        "x".repeat(size)
    ));
    let gate = Running::before(&origin);
    // The window is one piece; each that comes is given back to the stream and to the connection.
    let mut peer = Peer::with_settings(&gate, &[(INITIAL_WINDOW_SIZE, PIECE)]);
    let stream = peer.begin(&fields("GET /mine/k", &[V4]), true);
    let answer = peer.answer(stream);
    assert_eq!((answer.status(), answer.body.len()), (200, size));
    assert!(answer.frames >= PIECES, "{}", answer.frames);
    peer.assert_alive();
}

#[test]
fn a_client_that_pings_between_its_requests_and_while_it_waits_is_let_be() {
    let origin = busy();
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    for _ in 0..200 {
        peer.assert_serves();
        (0..20).for_each(|_| peer.assert_alive());
    }
    peer.begin(&fields("GET /mine/k", &[V4]), true);
    (0..900).for_each(|_| peer.assert_alive());
    peer.assert_serves();
}

#[test]
fn empty_data_for_ever_holds_up_nobody() {
    let origin = busy();
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(&fields("PUT /mine/k", &[V4]), false);
    let bytes = Frame::new(DATA, 0, stream, []).bytes().repeat(10_000);
    for _ in 0..10 {
        if !peer.wire_try_send(&bytes) {
            break;
        }
    }
    Peer::connect(&gate).assert_serves();
}

#[test]
fn a_client_cannot_hold_more_of_its_bodies_in_the_gate_than_the_windows_say() {
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let origin = ScriptedOrigin::start(move |number, mut wire: Wire| {
        while let Some(head) = wire.read_next_head() {
            if number == 0 && head.starts_with("PUT") {
                // Takes nothing of the body.
                wait.lock().unwrap().recv().unwrap();
                return;
            }
            wire.send(OK);
        }
    });
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let request = fields("PUT /mine/k", &[V4]);
    let stream = peer.begin(&request, false);
    let piece = Frame::new(DATA, 0, stream, vec![0; 16_384]).bytes();
    // The store takes none of it for as long as its own buffers are full; the stream's window is what is left.
    for _ in 0..10_000 {
        if !peer.wire_try_send(&piece) {
            break;
        }
        if peer.so_far(stream).reset.is_some() {
            break;
        }
        peer.assert_alive();
    }
    assert_eq!(peer.so_far(stream).reset, Some(Code::FlowControl));
    go.send(()).unwrap();
    peer.assert_serves();
}

#[test]
fn a_refused_stream_of_a_client_that_sends_on_takes_nothing_from_the_others() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    for _ in 0..8 {
        let stream = peer.begin(&fields("PUT /mine/k?Acl", &[OBS]), false);
        for _ in 0..40 {
            peer.data(stream, [0; 16_384], false);
        }
        assert_eq!(peer.answer(stream).rule(), "malformed.subresource");
        peer.assert_alive();
    }
    let answer = peer.send_body("PUT /mine/k", &[V4], "body");
    assert_eq!(answer.status(), 200);
}

#[test]
fn the_end_of_a_block_is_waited_for_and_then_served() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let whole = block(&fields("GET /mine/k", &[V4]));
    let stream = peer.number();
    peer.send(&Frame::new(HEADERS, END_STREAM, stream, &whole[..5]));
    for byte in &whole[5..10] {
        peer.send(&Frame::new(CONTINUATION, 0, stream, [*byte]));
    }
    peer.send(&Frame::new(CONTINUATION, END_HEADERS, stream, &whole[10..]));
    assert_eq!(peer.answer(stream).status(), 200);
}

#[test]
fn a_request_over_the_bound_is_told_so_and_its_connection_goes_on() {
    let origin = busy();
    let mut setup = Setup::before(&origin);
    setup.limits.requests_in_flight = 2;
    let gate = setup.start();
    let mut peer = Peer::connect(&gate);
    let held: Vec<u32> = (0..2)
        .map(|_| peer.begin(&fields("GET /mine/k", &[V4]), true))
        .collect();
    let answer = peer.ask("GET /mine/alive", &[V4]);
    assert_eq!(
        (answer.status(), answer.as_answer().element("Code")),
        (503, "SlowDown")
    );
    for stream in held {
        peer.reset(stream, Code::Cancel);
    }
    peer.assert_alive();
    peer.assert_serves();
}

/// The connection ends for what was sent on it; a reset may take the gate's last word along.
fn assert_cut_off(peer: &mut Peer) {
    let ending = peer.ending();
    assert!(
        matches!(ending, None | Some(CALM | Code::Protocol | Code::Compression)),
        "{:?}",
        peer.goaway
    );
}
