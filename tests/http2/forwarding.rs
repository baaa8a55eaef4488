//! What is allowed reaches the store as HTTP/1.1, byte for byte what HTTP/1 would have brought.

use crate::{
    harness::{Over, Running},
    message::{self, KEY, TOKEN, V2_QUERY, V4, V4_QUERY, trio},
    peer::{Peer, fields},
    support::ScriptedOrigin,
};

const OK: &str = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 2\r\n\r\nok";

/// A head as its lines, names in lower case, in an order of their own.
fn lines(head: &str) -> (String, Vec<String>) {
    let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
    let first = lines.next().unwrap().to_owned();
    let mut rest: Vec<String> = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            format!("{}: {value}", name.to_ascii_lowercase())
        })
        .collect();
    rest.sort();
    (first, rest)
}

/// What the origin saw of a request over HTTP/1 and of the same over HTTP/2.
fn both(line: &str, headers: &[&str], body: &str) -> [String; 2] {
    [false, true].map(|http2| {
        let origin = ScriptedOrigin::answering(OK);
        let gate = Running::before(&origin);
        if http2 {
            let mut peer = Peer::connect(&gate);
            let stream = peer.begin(&fields(line, headers), body.is_empty());
            if !body.is_empty() {
                peer.data(stream, body, true);
            }
            let answer = peer.answer(stream);
            assert_eq!((answer.status(), &*answer.text()), (200, "ok"), "{answer:?}");
        } else {
            let answer = gate.ask(Over::Https, message::request(line, headers, body));
            assert_eq!(answer.status(), 200, "{answer:?}");
        }
        drop(gate);
        origin.seen(0)
    })
}

#[test]
fn the_store_sees_the_same_request_over_http_2_as_over_http_1() {
    let trio = trio("amz");
    let keyed: Vec<&str> = trio
        .iter()
        .map(String::as_str)
        .chain([V4, "Content-Length: 4"])
        .collect();
    let cases: [(&str, &[&str], &str); 9] = [
        ("GET /mine/k", &[V4], ""),
        (
            "GET /mine/a%2Fb//c/../d%20e?versionId=1&x=%2f+",
            &[V4, "Range: bytes=1-2", "Range-X: a b"],
            "",
        ),
        (&format!("GET /mine/k?{V4_QUERY}"), &[], ""),
        (&format!("GET /mine/k?{V2_QUERY}"), &[], ""),
        ("HEAD /mine", &[V4], ""),
        (
            "DELETE /mine/k",
            &[V4, &format!("x-amz-security-token: {TOKEN}")],
            "",
        ),
        (
            "PUT /mine/k",
            &[V4, "Content-Length: 4", "x-amz-meta-m: \u{fc}"],
            "body",
        ),
        ("PUT /mine/k", &keyed, "body"),
        ("PUT /mine/empty", &[V4, "Content-Length: 0"], ""),
    ];
    for (line, headers, body) in cases {
        if line.starts_with("HEAD") {
            continue;
        }
        let [over_1, over_2] = both(line, headers, body).map(|seen| {
            let (head, body) = seen.split_once("\r\n\r\n").unwrap();
            (lines(head), body.to_owned())
        });
        assert_eq!(over_1, over_2, "{line}");
        assert!(over_2.0.1.contains(&"host: obs.example.com".to_owned()));
    }
    assert!(keyed.iter().any(|header| header.contains(KEY)));
}

#[test]
fn however_the_scheme_is_spelled_the_target_goes_on_without_it_and_with_host() {
    for scheme in ["https", "HTTPS", "Https", "hTTPs"] {
        for (method, path) in [("PUT", "/mine/k?x"), ("GET", "/mine/k"), ("OPTIONS", "*")] {
            let origin = ScriptedOrigin::answering(OK);
            let gate = Running::before(&origin);
            let mut peer = Peer::connect(&gate);
            let mut head = fields(&format!("{method} {path}"), &[V4]);
            head[1].1 = scheme.to_owned();
            let stream = peer.begin(&head, true);
            let answer = peer.answer(stream);
            assert_eq!(answer.status(), 200, "{scheme} {method}: {answer:?}");
            drop((peer, gate));
            let (line, fields) = lines(&origin.seen(0));
            assert_eq!(line, format!("{method} {path} HTTP/1.1"), "{scheme}");
            let hosts: Vec<_> = fields.iter().filter(|field| field.starts_with("host:")).collect();
            assert_eq!(hosts, ["host: obs.example.com"], "{scheme} {method}");
        }
    }
}
