//! Bodies in both directions: where they end, and what becomes of one that does not.

use crate::{
    frames::Code,
    harness::{Over, Running},
    message::{OBS, V4, request},
    peer::{Peer, fields},
    support::{ScriptedOrigin, Wire},
};
use std::{sync::mpsc::channel, time::Duration};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What the origin saw of one request with these headers and pieces of body.
fn sent(line: &str, headers: &[&str], pieces: &[&str]) -> String {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(&fields(line, headers), pieces.is_empty());
    for (at, piece) in pieces.iter().enumerate() {
        peer.data(stream, piece, at + 1 == pieces.len());
    }
    assert_eq!(peer.answer(stream).status(), 200);
    drop((peer, gate));
    origin.seen(0)
}

/// What came after the head, chunks put together; none if the body was not in chunks.
fn unchunked(seen: &str) -> Option<String> {
    let (head, mut rest) = seen.split_once("\r\n\r\n").unwrap();
    head.contains("\r\ntransfer-encoding: chunked").then_some(())?;
    let mut whole = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return Some(whole);
        }
        whole.push_str(after.get(..size)?);
        rest = after.get(size + 2..)?;
    }
}

#[test]
fn a_body_without_a_length_is_sent_in_chunks_and_one_with_is_sent_by_it() {
    let seen = sent("PUT /mine/k", &[V4], &["abc", "", "def", ""]);
    assert_eq!(unchunked(&seen).as_deref(), Some("abcdef"), "{seen}");
    assert!(!seen.contains("content-length"));
    let seen = sent("PUT /mine/k", &[V4, "Content-Length: 6"], &["abc", "def"]);
    assert!(
        seen.ends_with("\r\n\r\nabcdef") && seen.contains("\r\ncontent-length: 6\r\n"),
        "{seen}"
    );
    assert_eq!(unchunked(&seen), None);
    let seen = sent("PUT /mine/k", &[V4], &[""]);
    assert_eq!(unchunked(&seen).as_deref(), Some(""), "{seen}");
}

#[test]
fn a_head_that_ends_the_stream_has_no_body_and_a_write_says_so() {
    for (line, said) in [
        ("PUT /mine/k", true),
        ("POST /mine/k?uploads", true),
        ("GET /mine/k", false),
        ("DELETE /mine/k", false),
    ] {
        let seen = sent(line, &[V4], &[]);
        assert_eq!(seen.contains("\r\ncontent-length: 0\r\n"), said, "{seen}");
        assert!(
            seen.ends_with("\r\n\r\n") && !seen.contains("transfer-encoding"),
            "{seen}"
        );
    }
}

#[test]
fn no_data_is_a_body_too_where_there_must_be_none() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    for line in ["GET /mine/k", "HEAD /mine/k", "DELETE /mine/k", "OPTIONS /mine/k"] {
        let stream = peer.begin(&fields(line, &[OBS]), false);
        peer.data(stream, "", true);
        assert_eq!(peer.answer(stream).rule(), "malformed.body", "{line}");
    }
    let copy = fields("PUT /mine/k", &[V4, "x-amz-copy-source: /other/k"]);
    let stream = peer.begin(&copy, false);
    peer.data(stream, "x", true);
    assert_eq!(peer.answer(stream).rule(), "malformed.copy-body");
    peer.assert_alive();
}

#[test]
fn a_body_that_is_not_as_long_as_announced_is_reset_and_never_whole_upstream() {
    for (pieces, ends) in [
        (&["ab"][..], true),
        (&["abcdef"], true),
        (&["abcd", "ef"], true),
        (&["abcdefg"], false),
    ] {
        let (tell, told) = channel();
        let origin = ScriptedOrigin::start(move |_, mut wire: Wire| {
            let all = wire.read_to_end();
            tell.send(all).unwrap();
        });
        let gate = Running::before(&origin);
        let mut peer = Peer::connect(&gate);
        let stream = peer.begin(&fields("PUT /mine/k", &[V4, "Content-Length: 5"]), false);
        for (at, piece) in pieces.iter().enumerate() {
            peer.data(stream, piece, ends && at + 1 == pieces.len());
        }
        let answer = peer.answer(stream);
        assert_eq!(answer.reset, Some(Code::Protocol), "{pieces:?}: {answer:?}");
        peer.assert_alive();
        drop((peer, gate));
        drop(origin);
        if let Ok(seen) = told.try_recv() {
            let (_, body) = seen.split_once("\r\n\r\n").unwrap_or_default();
            assert!(body.len() < 5, "{seen}");
        }
    }
}

#[test]
fn a_body_whose_stream_the_client_resets_is_never_whole_upstream_whatever_the_code() {
    for code in [Code::NoError, Code::Cancel, Code::Internal, Code::Protocol] {
        let (tell, told) = channel();
        let origin = ScriptedOrigin::start(move |_, mut wire: Wire| {
            let mut seen = wire.read_head();
            seen.push_str(&wire.read_until("abc\r\n"));
            tell.send(String::new()).unwrap();
            seen.push_str(&wire.read_to_end());
            tell.send(seen).unwrap();
        });
        let gate = Running::before(&origin);
        let mut peer = Peer::connect(&gate);
        let stream = peer.begin(&fields("PUT /mine/k", &[V4]), false);
        peer.data(stream, "abc", false);
        told.recv_timeout(Duration::from_secs(10)).unwrap();
        peer.reset(stream, code);
        let seen = told.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(
            seen.contains("abc\r\n") && !seen.contains("0\r\n\r\n"),
            "{code:?}: {seen}"
        );
        peer.assert_alive();
        drop(peer);
        let events = gate.events();
        assert_eq!(events[0]["outcome"], "abandoned", "{code:?}: {events:?}");
    }
}

#[test]
fn an_expectation_is_met_by_nobody_and_the_body_starts_at_once() {
    let seen = sent(
        "PUT /mine/k",
        &[V4, "Expect: 100-continue", "Content-Length: 3"],
        &["abc"],
    );
    assert!(seen.ends_with("abc") && !seen.contains("expect"), "{seen}");
}

#[test]
fn trailers_go_with_the_head_that_declares_them_and_what_no_trailer_may_be_is_refused() {
    let with = |declared: &str, trailer: (&str, &str), refused: bool| {
        let origin = if refused {
            ScriptedOrigin::start(|_, mut wire: Wire| drop(wire.read_to_end()))
        } else {
            ScriptedOrigin::answering(OK)
        };
        let gate = Running::before(&origin);
        let mut peer = Peer::connect(&gate);
        let stream = peer.begin(
            &fields("PUT /mine/k", &[V4, &format!("Trailer: {declared}")]),
            false,
        );
        peer.data(stream, "abc", false);
        peer.send_bytes(crate::peer::headers(
            stream,
            &crate::frames::block(&[trailer]),
            true,
        ));
        let answer = peer.answer(stream);
        peer.assert_alive();
        drop((peer, gate));
        // Refused before there was a connection to the store, it has seen nothing.
        let seen = (origin.connections() > 0).then(|| origin.seen(0));
        (answer, seen.unwrap_or_default())
    };
    let sum = ("x-amz-checksum-crc32c", "AAAAAA==");
    let (answer, seen) = with(sum.0, sum, false);
    assert_eq!(answer.status(), 200);
    assert!(
        seen.ends_with("0\r\nx-amz-checksum-crc32c: AAAAAA==\r\n\r\n"),
        "{seen}"
    );
    let (answer, seen) = with("x-other", sum, false);
    assert_eq!(answer.status(), 200);
    assert!(seen.ends_with("\r\n0\r\n\r\n"), "{seen}");
    // `h2` takes pseudo-headers for no trailers at all: they go nowhere.
    let (answer, seen) = with("x-other", (":path", "/other"), false);
    assert_eq!(answer.status(), 200);
    assert!(
        seen.ends_with("\r\n0\r\n\r\n") && !seen.contains("/other"),
        "{seen}"
    );
    for forbidden in [
        "x-amz-server-side-encryption",
        "x_amz_server_side_encryption",
        "authorization",
        "content-length",
        "host",
    ] {
        for declared in [forbidden, "x-other"] {
            let (answer, seen) = with(declared, (forbidden, "1"), true);
            assert!(!seen.contains("0\r\n"), "{forbidden}: {seen}");
            assert!(
                (400..500).contains(&answer.status()) || answer.reset == Some(Code::Protocol),
                "{forbidden} {answer:?}"
            );
        }
    }
}

#[test]
fn an_answer_reaches_the_client_without_what_speaks_of_the_connection_or_the_reason() {
    let answer = "HTTP/1.1 299 Very Fine\r\nConnection: keep-alive, x-hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n\
        Proxy-Connection: keep-alive\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nX-Upper: Kept\r\nETag: \"e\"\r\n\
        Trailer: X-Sum, Set-Cookie, X_AMZ-Server-Side-Encryption\r\nTransfer-Encoding: chunked\r\n\r\n\
        3\r\nabc\r\n3\r\ndef\r\n0\r\nX-Other: 1\r\nX-Sum: 1\r\nSet-Cookie: a\r\n\
        X_AMZ-Server-Side-Encryption: aws:kms\r\n\r\n";
    let origin = ScriptedOrigin::answering(answer);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    for _ in 0..2 {
        let answer = peer.ask("GET /mine/k", &[V4]);
        let head: Vec<(&str, &str)> = answer
            .head
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let announced = ("trailer", "X-Sum, Set-Cookie, X_AMZ-Server-Side-Encryption");
        assert_eq!(
            head,
            [
                (":status", "299"),
                ("x-upper", "Kept"),
                ("etag", "\"e\""),
                announced
            ]
        );
        assert_eq!(answer.text(), "abcdef");
        assert_eq!(answer.trailers, [("x-sum".to_owned(), "1".to_owned())]);
        assert!(answer.ended && answer.reset.is_none());
    }
}

#[test]
fn answers_without_a_body_end_with_their_head_and_keep_their_length() {
    for (line, answer, status, length) in [
        (
            "HEAD /mine/k",
            "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nTrailer: x\r\n\r\n",
            200,
            Some("1234"),
        ),
        (
            "GET /mine/k",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nTrailer: x\r\n\r\n",
            304,
            Some("9"),
        ),
        ("DELETE /mine/k", "HTTP/1.1 204 No Content\r\n\r\n", 204, None),
        (
            "DELETE /mine/k",
            "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n",
            204,
            None,
        ),
        (
            "GET /mine/k",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            200,
            Some("0"),
        ),
    ] {
        let origin = ScriptedOrigin::answering(answer);
        let gate = Running::before(&origin);
        let mut peer = Peer::connect(&gate);
        let answer = peer.ask(line, &[V4]);
        assert_eq!(
            (answer.status(), answer.header("content-length")),
            (status, length)
        );
        assert_eq!(answer.header("trailer"), None, "{line}");
        assert_eq!(
            (answer.frames, answer.ended, answer.body.len()),
            (1, true, 0),
            "{line}"
        );
    }
}

#[test]
fn an_answer_that_breaks_off_is_a_reset_and_never_an_end() {
    for (head, body) in [
        ("Content-Length: 10", "abc"),
        ("Transfer-Encoding: chunked", "3\r\nabc\r\n"),
        ("Transfer-Encoding: chunked", "3\r\nabc\r\nnonsense\r\n"),
        ("Transfer-Encoding: chunked", "5\r\nabc"),
    ] {
        let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}");
        let origin = ScriptedOrigin::start(move |number, mut wire: Wire| {
            if number == 0 {
                wire.read_head();
                wire.send(&answer);
                wire.close();
            } else {
                while wire.read_next_head().is_some() {
                    wire.send(OK);
                }
            }
        });
        let gate = Running::before(&origin);
        let mut peer = Peer::connect(&gate);
        let answer = peer.ask("GET /mine/k", &[V4]);
        assert_eq!((answer.status(), answer.ended), (200, false), "{head}");
        assert_eq!(answer.reset, Some(Code::Internal), "{head}");
        assert!("abc".starts_with(&answer.text()));
        peer.assert_serves();
        drop(peer);
        assert_eq!(gate.events()[0]["outcome"], "failed");
    }
}

#[test]
fn an_answer_that_the_store_resets_where_its_end_was_the_connections_end_is_a_reset() {
    let origin = ScriptedOrigin::start(|_, mut wire: Wire| {
        wire.read_head();
        wire.send("HTTP/1.0 200 OK\r\n\r\nabc");
        std::thread::sleep(Duration::from_millis(100));
        wire.reset();
    });
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let answer = peer.ask("GET /mine/k", &[V4]);
    assert_eq!(
        (answer.status(), answer.ended, answer.reset),
        (200, false, Some(Code::Internal))
    );
    peer.assert_alive();
}

#[test]
fn an_early_answer_is_passed_on_while_the_body_goes_up() {
    let origin = ScriptedOrigin::start(|_, mut wire: Wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nea");
        wire.read_exactly(6);
        wire.send("ly");
        while wire.read_next_head().is_some() {
            wire.send(OK);
        }
    });
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(&fields("PUT /mine/k", &[V4, "Content-Length: 6"]), false);
    let early = peer.wait(stream, |stream| stream.text() == "ea");
    assert_eq!((early.status(), early.ended), (200, false));
    peer.data(stream, "abcdef", true);
    let answer = peer.answer(stream);
    assert_eq!(
        (answer.text().as_str(), answer.ended, answer.reset),
        ("ealy", true, None)
    );
    peer.assert_serves();
}

#[test]
fn streams_run_side_by_side_and_one_that_waits_holds_up_no_other() {
    let origin = ScriptedOrigin::start(|_, mut wire: Wire| {
        while let Some(head) = wire.read_next_head() {
            if head.starts_with("GET /mine/slow") {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nslow");
                assert!(wire.is_silent_for(Duration::from_millis(300)));
                wire.send("slow");
            } else {
                wire.send(OK);
            }
        }
    });
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let slow = peer.begin(&fields("GET /mine/slow", &[V4]), true);
    peer.wait(slow, |stream| stream.text() == "slow");
    for _ in 0..3 {
        peer.assert_serves();
    }
    assert_eq!(peer.so_far(slow).text(), "slow");
    assert_eq!(peer.answer(slow).text(), "slowslow");
}

#[test]
fn a_large_body_passes_in_both_directions_within_the_windows() {
    const SIZE: usize = 9 << 20;
    let origin = ScriptedOrigin::start(|_, mut wire: Wire| {
        wire.read_head();
        wire.discard(SIZE);
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"));
        wire.send(vec![b'y'; SIZE]);
    });
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(
        &fields("PUT /mine/k", &[V4, &format!("Content-Length: {SIZE}")]),
        false,
    );
    let (mut left, mut used) = (SIZE, 0);
    while left > 0 {
        let window = peer.so_far(stream).window as usize + (1 << 20) - used;
        if window < 16_384 {
            let frame = peer.read();
            assert!(frame.is_some());
            continue;
        }
        peer.data(stream, [b'x'; 16_384], left == 16_384);
        used += 16_384;
        left -= 16_384;
    }
    let answer = peer.answer(stream);
    assert_eq!((answer.status(), answer.body.len()), (200, SIZE));
    assert!(answer.body.iter().all(|byte| *byte == b'y'));
}

#[test]
fn a_form_over_http_2_is_judged_and_forwarded_as_over_http_1() {
    let body = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b\r\nContent-Disposition: form-data; \
        name=\"file\"; filename=\"f\"\r\n\r\nfile\r\n--b--\r\n";
    let form = "Content-Type: multipart/form-data; boundary=b";
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let answer = peer.send_body("POST /mine", &[form], body);
    assert_eq!(answer.status(), 200, "{answer:?}");
    let length = format!("Content-Length: {}", body.len());
    let over_1 = gate.ask(Over::Https, request("POST /mine", &[form, &length], body));
    assert_eq!(over_1.status(), 200);
    drop((peer, gate));
    let seen = origin.seen(0);
    let second = seen.rfind("POST /mine").unwrap();
    assert_eq!(unchunked(seen.get(..second).unwrap()).as_deref(), Some(body));
    assert!(seen.ends_with(body));
}
