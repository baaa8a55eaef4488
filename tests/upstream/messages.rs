//! Heads and framing.

use crate::{
    front::{Front, Setup},
    support::{ScriptedOrigin, Wire},
};

/// The origin of most tests: takes one request, up to `end`, and gives one answer.
fn answering(end: &'static str, answer: impl AsRef<[u8]> + Send + Sync + 'static) -> ScriptedOrigin {
    ScriptedOrigin::start(move |_, mut wire| {
        wire.read_until(end);
        let _ = wire.try_send(&answer);
        wire.close();
    })
}

/// Sends to a front before this origin, says that there is no more, and takes everything that comes back.
fn exchange(origin: &ScriptedOrigin, request: impl AsRef<[u8]>) -> String {
    let front = Front::before(origin);
    let mut client = Wire::connect(front.address);
    client.send(request);
    client.read_to_end()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_request_goes_up_byte_for_byte_without_what_speaks_of_the_hop_before() {
    let origin = answering("\r\n\r\n", OK);
    exchange(
        &origin,
        b"PUT /b%2Fc//./k?acl&x=%20&Signature=a%2Bb HTTP/1.1\r\nHost: Bucket.obs.example.com:80\r\nX-Obs-Acl: \xe4a  b\r\n\
          Authorization: OBS ak:sig=\r\nX-Dup: 2\r\nTE: trailers\r\nConnection: close, TE, upgrade\r\nKeep-Alive: 5\r\n\
          Proxy-Connection: close\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nForwarded: for=1\r\n\
          X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on\r\nX-Forwarded-Scheme: https\r\nFront-End-Https: on\r\n\
          X-Forwarded-For: 1\r\nX-Dup: 1\r\nContent-Length: 0\r\nDate: now\r\n\r\n",
    );
    assert_eq!(
        origin.seen(0),
        "PUT /b%2Fc//./k?acl&x=%20&Signature=a%2Bb HTTP/1.1\r\nhost: Bucket.obs.example.com:80\r\n\
         x-obs-acl: \u{fffd}a  b\r\nauthorization: OBS ak:sig=\r\nx-dup: 2\r\nx-dup: 1\r\nx-forwarded-for: 1\r\n\
         content-length: 0\r\ndate: now\r\n\r\n"
    );
}

#[test]
fn nothing_is_added_to_the_least_request_there_is() {
    let origin = answering("\r\n\r\n", OK);
    exchange(
        &origin,
        "GET http://h/k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    );
    assert_eq!(origin.seen(0), "GET http://h/k HTTP/1.1\r\nhost: h\r\n\r\n");
}

#[test]
fn an_answer_comes_back_as_it_is_without_what_speaks_of_its_hop() {
    let origin = answering(
        "\r\n\r\n",
        &b"HTTP/1.1 200 Very Fine\r\nServer: OBS\r\nX-Dup: b\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\n\
           Keep-Alive: timeout=5\r\nUpgrade: h2c\r\nProxy-Authenticate: x\r\nX-Dup: a\r\nContent-Encoding: gzip\r\n\
           ETag: \"a\"\r\nX-Odd: \xe4 \xff\r\nContent-Length: 5\r\n\r\nhello"[..],
    );
    assert_eq!(
        exchange(&origin, "GET /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
        "HTTP/1.1 200 Very Fine\r\nserver: OBS\r\nx-dup: b\r\nx-dup: a\r\ncontent-encoding: gzip\r\netag: \"a\"\r\n\
         x-odd: \u{fffd} \u{fffd}\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"
    );
}

#[test]
fn an_answer_that_arrives_byte_by_byte_is_the_same_answer() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        for byte in b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n" {
            wire.send([*byte]);
        }
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    client.send("GET /k HTTP/1.0\r\nHost: h\r\n\r\n");
    let answer = client.read_to_end();
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
}

#[test]
fn answers_without_a_body_end_with_their_head_whatever_it_says() {
    let origin = ScriptedOrigin::start(|number, mut wire| {
        assert_eq!(number, 0, "all of them on one connection");
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX-N: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX-N: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-N: 2\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nX-N: 3\r\n\r\n",
            "HTTP/1.1 204 No Content\r\nX-N: 4\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX-N: 5\r\nContent-Length: 0\r\n\r\n",
        ] {
            wire.read_head();
            wire.send(answer);
        }
    });
    let front = Front::before(&origin);
    let mut client = Wire::connect(front.address);
    for (n, (method, expected)) in [
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nx-n: 0\r\n\r\n",
        ),
        ("HEAD", "HTTP/1.1 200 OK\r\nx-n: 1\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nx-n: 2\r\n\r\n"),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nx-n: 3\r\n\r\n", // hyper's server drops the length of a 304
        ),
        ("DELETE", "HTTP/1.1 204 No Content\r\nx-n: 4\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nx-n: 5\r\ncontent-length: 0\r\n\r\n"),
    ]
    .into_iter()
    .enumerate()
    {
        client.send(format!("{method} /{n} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(client.read_head(), expected);
    }
}

#[test]
fn a_chunked_upload_stays_chunked_and_keeps_its_declared_trailers() {
    let origin = answering("x-sum: 1\r\n\r\n", OK);
    let answer = exchange(
        &origin,
        "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\nTrailer: X-Sum, X-Other\r\nConnection: close\r\n\r\n\
         5\r\nhello\r\n0\r\nX-Undeclared: 1\r\nX-Sum: 1\r\n\r\n",
    );
    assert!(answer.ends_with("ok"), "{answer}");
    assert_eq!(
        origin.seen(0),
        "PUT /k HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\ntrailer: X-Sum, X-Other\r\n\r\n\
         5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n"
    );
}

#[test]
fn a_trailer_that_would_come_after_the_decision_on_it_breaks_the_request_off() {
    for name in ["x-obs-server-side-encryption", "authorization", "content-length"] {
        let origin = ScriptedOrigin::start(|_, mut wire| {
            assert!(!wire.read_to_end().ends_with("0\r\n\r\n"));
        });
        let answer = exchange(
            &origin,
            format!(
                "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: {name}\r\nConnection: close\r\n\r\n\
                 5\r\nhello\r\n0\r\n{name}: 1\r\n\r\n"
            ),
        );
        assert!(answer.ends_with("client.bad-request"), "{answer}");
    }
}

#[test]
fn trailers_of_an_answer_come_back() {
    let origin = answering(
        "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    );
    assert_eq!(
        exchange(
            &origin,
            "GET /k HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n"
        ),
        "HTTP/1.1 200 OK\r\ntrailer: X-Sum\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
         5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n"
    );
}

#[test]
fn a_body_with_a_length_keeps_its_length_and_what_was_read_ahead_comes_first() {
    let origin = answering("hello, world", OK);
    let front = Front::start(Setup {
        prefix: Some(b"hello, "),
        ..Setup::before(&origin)
    });
    let mut client = Wire::connect(front.address);
    client.send("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nConnection: close\r\n\r\n");
    // hyper believes the length; the front of this test pretends to have read seven bytes of it already.
    client.send("world");
    assert!(client.read_head().starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(origin.seen(0).ends_with("content-length: 12\r\n\r\nhello, world"));
}

#[test]
fn an_answer_that_two_readers_could_cut_differently_is_no_answer() {
    for fields in [
        "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        "Content-Length: 2, 2\r\n\r\nok",
        "Content-Length: +2\r\n\r\nok",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "Content-Length : 2\r\n\r\nok",
        "X: a\r\n Content-Length: 2\r\n\r\nok",
        "Content-Length: 2\n\r\nok",
    ] {
        let origin = answering("\r\n\r\n", format!("HTTP/1.1 200 OK\r\n{fields}"));
        let answer = exchange(&origin, "GET /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 503 "), "{fields:?} gave {answer}");
        assert!(answer.ends_with("upstream.bad-response"), "{answer}");
    }
}

#[test]
fn informational_answers_are_dropped_and_the_ninth_ends_the_exchange() {
    for (count, expected) in [(8, "ok"), (9, "upstream.bad-response")] {
        let hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
        let origin = answering("\r\n\r\n", format!("{}{OK}", hint.repeat(count)));
        let answer = exchange(&origin, "GET /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        assert!(!answer.contains("103"), "{answer}");
        assert!(answer.ends_with(expected), "{answer}");
    }
}

#[test]
fn a_switch_of_protocols_is_no_answer() {
    let origin = answering(
        "\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
    );
    let answer = exchange(&origin, "GET /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert!(answer.ends_with("upstream.bad-response"), "{answer}");
}

#[test]
fn a_head_without_end_is_no_answer() {
    let origin = answering(
        "\r\n\r\n",
        format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(80 << 10)),
    );
    let answer = exchange(&origin, "GET /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert!(answer.ends_with("upstream.bad-response"), "{answer}");
}
