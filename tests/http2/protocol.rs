//! RFC 9113, section by section, in the manner of h2spec: what a peer does wrong ends its stream or its connection with
//! the right code, and the gate serves others.

use crate::{
    frames::{
        ACK, CONTINUATION, Code, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADERS, PADDED, PING,
        PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, block,
    },
    harness::Running,
    message::V4,
    peer::{Peer, fields, headers},
    support::ScriptedOrigin,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What has to come of it.
#[derive(Clone, Debug)]
enum Outcome {
    /// The connection is ended with one of these codes; RFC 9113 §5.4.1 leaves closing without a word open too.
    Connection(&'static [Code]),
    /// Stream 1 is reset with one of these codes, or the connection is ended with it (§5.4.2), and the gate goes on.
    Stream(&'static [Code]),
    /// Nothing is wrong with it.
    Fine,
}

use Outcome::{Connection, Fine, Stream};

const PROTOCOL: &[Code] = &[Code::Protocol];
/// `h2` calls it a protocol error.
const COMPRESSION: &[Code] = &[Code::Compression, Code::Protocol];
const SIZE: &[Code] = &[Code::FrameSize, Code::Protocol];
const FLOW: &[Code] = &[Code::FlowControl];
const CLOSED: &[Code] = &[Code::StreamClosed, Code::Protocol];

fn request() -> Vec<u8> {
    block(&fields("GET /mine/k", &[V4]))
}

fn put() -> Vec<u8> {
    block(&fields("PUT /mine/k", &[V4]))
}

fn frame(kind: u8, flags: u8, stream: u32, payload: impl Into<Vec<u8>>) -> Vec<u8> {
    Frame::new(kind, flags, stream, payload).bytes()
}

fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

fn code(code: Code) -> [u8; 4] {
    (code as u32).to_be_bytes()
}

/// What is sent once settings were exchanged, and what has to come of it.
#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<(&'static str, Vec<u8>, Outcome)> {
    let get = |stream| headers(stream, &request(), true);
    let open = |stream| headers(stream, &put(), false);
    let all = |parts: &[Vec<u8>]| parts.concat();
    vec![
        // 4.1: frame format.
        (
            "4.1 a frame of an unknown type",
            frame(0xfe, 0xff, 0, "what"),
            Fine,
        ),
        ("4.1 undefined flags", frame(PING, 0xfe, 0, *b"12345678"), Fine),
        // 4.2: frame size.
        (
            "4.2 DATA over the size",
            all(&[open(1), frame(DATA, 0, 1, vec![0; 16_385])]),
            Connection(SIZE),
        ),
        (
            "4.2 HEADERS over the size",
            frame(HEADERS, END_HEADERS, 1, vec![0; 16_385]),
            Connection(SIZE),
        ),
        // 4.3: header compression.
        (
            "4.3 a block that cannot be decoded",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, [0x40]),
            Connection(COMPRESSION),
        ),
        (
            "4.3 an index out of the table",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, [0xff, 0xff, 0x7f]),
            Connection(COMPRESSION),
        ),
        (
            "4.3 a table larger than agreed on",
            frame(
                HEADERS,
                END_HEADERS | END_STREAM,
                1,
                all(&[vec![0x3f, 0xff, 0xff, 0x7f], request()]),
            ),
            Connection(COMPRESSION),
        ),
        (
            "4.3 PRIORITY among the pieces of a block",
            all(&[
                frame(HEADERS, END_STREAM, 1, request()),
                frame(PRIORITY, 0, 1, [0, 0, 0, 0, 1]),
            ]),
            Connection(PROTOCOL),
        ),
        (
            "4.3 HEADERS of another stream among the pieces",
            all(&[frame(HEADERS, END_STREAM, 1, request()), get(3)]),
            Connection(PROTOCOL),
        ),
        // 5.1: stream states.
        (
            "5.1 DATA on an idle stream",
            frame(DATA, END_STREAM, 1, "x"),
            Connection(PROTOCOL),
        ),
        (
            "5.1 RST_STREAM on an idle stream",
            frame(RST_STREAM, 0, 1, code(Code::Cancel)),
            Connection(PROTOCOL),
        ),
        (
            "5.1 WINDOW_UPDATE on an idle stream",
            frame(WINDOW_UPDATE, 0, 1, [0, 0, 0, 1]),
            Connection(PROTOCOL),
        ),
        (
            "5.1 CONTINUATION on an idle stream",
            frame(CONTINUATION, END_HEADERS, 1, request()),
            Connection(PROTOCOL),
        ),
        (
            "5.1 DATA after the end",
            all(&[get(1), frame(DATA, END_STREAM, 1, "x")]),
            Stream(CLOSED),
        ),
        (
            "5.1 HEADERS after the end",
            all(&[get(1), get(1)]),
            Stream(CLOSED),
        ),
        (
            "5.1 CONTINUATION after the end",
            all(&[get(1), frame(CONTINUATION, END_HEADERS, 1, request())]),
            Connection(CLOSED),
        ),
        // 5.1.1: stream identifiers.
        ("5.1.1 a stream with an even number", get(2), Connection(PROTOCOL)),
        (
            "5.1.1 a number below one that was used",
            all(&[get(5), get(3)]),
            Connection(CLOSED),
        ),
        (
            "5.1.1 DATA on stream 0",
            frame(DATA, 0, 0, "x"),
            Connection(PROTOCOL),
        ),
        (
            "5.1.1 HEADERS on stream 0",
            frame(HEADERS, END_HEADERS | END_STREAM, 0, request()),
            Connection(PROTOCOL),
        ),
        // 5.3: priority.
        (
            "5.3 a stream that depends on itself",
            all(&[frame(PRIORITY, 0, 1, [0, 0, 0, 1, 7]), get(1)]),
            Stream(PROTOCOL),
        ),
        (
            "5.3 a stream that depends on another",
            all(&[frame(PRIORITY, 0, 1, [0, 0, 0, 3, 7]), get(1)]),
            Fine,
        ),
        // 6.1: DATA.
        (
            "6.1 padding as long as the frame",
            all(&[open(1), frame(DATA, PADDED | END_STREAM, 1, [5, 1, 2, 3, 4])]),
            Connection(PROTOCOL),
        ),
        // 6.2: HEADERS.
        (
            "6.2 padding as long as the frame",
            frame(
                HEADERS,
                PADDED | END_HEADERS | END_STREAM,
                1,
                all(&[vec![255], request()])[..200].to_vec(),
            ),
            Connection(PROTOCOL),
        ),
        // 6.3: PRIORITY.
        (
            "6.3 PRIORITY on stream 0",
            frame(PRIORITY, 0, 0, [0, 0, 0, 1, 7]),
            Connection(PROTOCOL),
        ),
        (
            "6.3 PRIORITY of another length",
            frame(PRIORITY, 0, 1, [0, 0, 0, 3]),
            Stream(SIZE),
        ),
        // 6.4: RST_STREAM.
        (
            "6.4 RST_STREAM on stream 0",
            frame(RST_STREAM, 0, 0, code(Code::Cancel)),
            Connection(PROTOCOL),
        ),
        (
            "6.4 RST_STREAM of another length",
            all(&[open(1), frame(RST_STREAM, 0, 1, [0, 0, 8])]),
            Connection(SIZE),
        ),
        // 6.5: SETTINGS.
        (
            "6.5 ACK with a payload",
            frame(SETTINGS, ACK, 0, setting(3, 1)),
            Connection(SIZE),
        ),
        (
            "6.5 SETTINGS on a stream",
            frame(SETTINGS, 0, 1, setting(3, 1)),
            Connection(PROTOCOL),
        ),
        (
            "6.5 SETTINGS of another length",
            frame(SETTINGS, 0, 0, [0, 3, 0]),
            Connection(SIZE),
        ),
        (
            "6.5.2 ENABLE_PUSH of 2",
            frame(SETTINGS, 0, 0, setting(2, 2)),
            Connection(PROTOCOL),
        ),
        (
            "6.5.2 a window over 2^31-1",
            frame(SETTINGS, 0, 0, setting(4, 1 << 31)),
            Connection(&[Code::FlowControl, Code::Protocol]),
        ),
        (
            "6.5.2 frames below 2^14",
            frame(SETTINGS, 0, 0, setting(5, 16_383)),
            Connection(PROTOCOL),
        ),
        (
            "6.5.2 frames over 2^24-1",
            frame(SETTINGS, 0, 0, setting(5, 1 << 24)),
            Connection(PROTOCOL),
        ),
        (
            "6.5.2 a setting nobody knows",
            frame(SETTINGS, 0, 0, setting(0xff, 1)),
            Fine,
        ),
        // 6.6: PUSH_PROMISE.
        (
            "6.6 a client that pushes",
            all(&[
                open(1),
                frame(PUSH_PROMISE, END_HEADERS, 1, all(&[vec![0, 0, 0, 2], request()])),
            ]),
            Connection(PROTOCOL),
        ),
        // 6.7: PING.
        (
            "6.7 PING on a stream",
            frame(PING, 0, 1, *b"12345678"),
            Connection(PROTOCOL),
        ),
        (
            "6.7 PING of another length",
            frame(PING, 0, 0, *b"1234567"),
            Connection(SIZE),
        ),
        (
            "6.7 an ACK that nobody waits for",
            frame(PING, ACK, 0, *b"87654321"),
            Fine,
        ),
        // 6.8: GOAWAY.
        (
            "6.8 GOAWAY on a stream",
            frame(GOAWAY, 0, 1, [0; 8]),
            Connection(PROTOCOL),
        ),
        // 6.9: WINDOW_UPDATE.
        (
            "6.9 a window that opens by nothing",
            frame(WINDOW_UPDATE, 0, 0, [0; 4]),
            Connection(PROTOCOL),
        ),
        (
            "6.9 a stream's window that opens by nothing",
            all(&[open(1), frame(WINDOW_UPDATE, 0, 1, [0; 4])]),
            Stream(PROTOCOL),
        ),
        (
            "6.9 WINDOW_UPDATE of another length",
            frame(WINDOW_UPDATE, 0, 0, [0, 0, 1]),
            Connection(SIZE),
        ),
        (
            "6.9.1 a window over 2^31-1",
            frame(WINDOW_UPDATE, 0, 0, [0x7f, 0xff, 0xff, 0xff]),
            Connection(FLOW),
        ),
        (
            "6.9.1 a stream's window over 2^31-1",
            all(&[open(1), frame(WINDOW_UPDATE, 0, 1, [0x7f, 0xff, 0xff, 0xff])]),
            Stream(FLOW),
        ),
        // 6.10: CONTINUATION.
        (
            "6.10 CONTINUATION after the block's end",
            all(&[open(1), frame(CONTINUATION, END_HEADERS, 1, request())]),
            Connection(PROTOCOL),
        ),
        (
            "6.10 CONTINUATION on stream 0",
            all(&[
                frame(HEADERS, END_STREAM, 1, request()),
                frame(CONTINUATION, END_HEADERS, 0, request()),
            ]),
            Connection(PROTOCOL),
        ),
        (
            "6.10 CONTINUATION of another stream",
            all(&[
                frame(HEADERS, END_STREAM, 1, request()),
                frame(CONTINUATION, END_HEADERS, 3, request()),
            ]),
            Connection(PROTOCOL),
        ),
        (
            "6.10 DATA among the pieces of a block",
            all(&[frame(HEADERS, 0, 1, request()), frame(DATA, END_STREAM, 1, "x")]),
            Connection(PROTOCOL),
        ),
        (
            "6.10 pieces of a block",
            all(&[
                frame(HEADERS, END_STREAM, 1, &request()[..9]),
                frame(CONTINUATION, 0, 1, &request()[9..30]),
                frame(CONTINUATION, END_HEADERS, 1, &request()[30..]),
            ]),
            Fine,
        ),
        // 8.1: the exchange.
        (
            "8.1 a second HEADERS that does not end the stream",
            all(&[open(1), frame(HEADERS, END_HEADERS, 1, block(&[("x-sum", "1")]))]),
            Stream(PROTOCOL),
        ),
        // 8.3: mandatory pseudo-headers; others are in the table of smuggling.
        (
            "8.3.1 no method",
            headers(1, &block(&fields("GET /mine/k", &[V4])[1..]), true),
            Stream(PROTOCOL),
        ),
        (
            "8.3.1 no scheme",
            headers(
                1,
                &block(&[
                    (":method", "GET"),
                    (":path", "/"),
                    (":authority", "obs.example.com"),
                ]),
                true,
            ),
            Stream(PROTOCOL),
        ),
        (
            "8.3.1 no path",
            headers(
                1,
                &block(&[
                    (":method", "GET"),
                    (":scheme", "https"),
                    (":authority", "obs.example.com"),
                ]),
                true,
            ),
            Stream(PROTOCOL),
        ),
    ]
}

#[test]
fn what_a_peer_does_wrong_ends_its_stream_or_its_connection_with_the_right_code() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        while let Some(head) = wire.read_next_head() {
            if head.starts_with("PUT") {
                // Its body never comes to an end.
                wire.read_to_end();
                return;
            }
            wire.send(OK);
        }
    });
    let gate = Running::before(&origin);
    let mut wrong = Vec::new();
    for (what, bytes, outcome) in cases() {
        println!("{what}");
        let mut peer = Peer::connect(&gate);
        peer.send_bytes(&bytes);
        let met = match outcome {
            Connection(codes) => peer.ending().is_some_and(|code| codes.contains(&code)),
            Stream(codes) => {
                let ended = peer.until_reset(1);
                ended.is_some_and(|code| codes.contains(&code))
            }
            Fine => {
                peer.alive() && {
                    peer.skip_to(7);
                    peer.ask("GET /mine/alive", &[V4]).status() == 200
                }
            }
        };
        if !met {
            wrong.push(format!(
                "{what}: not {outcome:?}: {:?} {:?}",
                peer.so_far(1),
                peer.goaway
            ));
        }
        Peer::connect(&gate).assert_serves();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_connection_that_does_not_begin_with_the_preface_is_ended() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: obs.example.com\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
    ] {
        println!("{}", bytes.escape_ascii());
        let mut peer = Peer::silent(&gate);
        peer.send_bytes(bytes);
        assert!(
            matches!(peer.ending(), None | Some(Code::Protocol)),
            "{}",
            bytes.escape_ascii()
        );
    }
    Peer::connect(&gate).assert_alive();
}

#[test]
fn the_windows_and_bounds_are_those_of_the_documents() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    peer.assert_alive();
    let setting = |id| {
        peer.settings
            .iter()
            .find(|(one, _)| *one == id)
            .map(|(_, value)| *value)
    };
    assert_eq!(setting(3), Some(100), "streams");
    assert_eq!(setting(4), Some(1 << 20), "a stream's window");
    assert_eq!(peer.window, 4 << 20, "the connection's window");
    assert_eq!(setting(6), Some(64 << 10), "a list of headers");
    assert!(matches!(setting(8), None | Some(0)), "extended CONNECT");
    assert!(matches!(setting(5), None | Some(16_384)), "a frame");
}
