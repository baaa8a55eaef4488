//! What reaches the store is what the client sent, and what reaches the client is what the store sent, less what is about
//! the hop before.

use crate::{
    harness::{Over, Running},
    message::{Answer, OBS, TOKEN, V2, V4, bare, request},
    support::ScriptedOrigin,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// What the store sees of a request.
fn forwarded(request: impl AsRef<[u8]>) -> Vec<u8> {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let answer = gate.ask(Over::Http, request);
    assert_eq!(answer.head, OK);
    drop(gate);
    origin.seen_bytes(0)
}

fn forwarded_text(request: impl AsRef<[u8]>) -> String {
    String::from_utf8(forwarded(request)).unwrap()
}

#[test]
fn a_request_reaches_the_store_byte_for_byte_and_with_nothing_added() {
    let sent = "PUT /mine/k HTTP/1.1\r\nhost: obs.example.com\r\nauthorization: OBS AKIDSAMPLE:c2lnbmF0dXJlLW9mLXYyLQ==\r\n\
                date: Tue, 02 Jan 2024 00:00:00 GMT\r\nx-obs-acl: private\r\nx-amz-meta-case: a  b\r\n\
                content-type: text/plain; charset=\"UTF-8\"\r\ncontent-md5: CY9rzUYh03PK3k6DJie09g==\r\n\
                accept-encoding: gzip, br\r\ncontent-length: 4\r\n\r\ntest";
    assert_eq!(forwarded_text(sent), sent);
}

#[test]
fn the_target_keeps_every_byte() {
    for target in [
        "/mine/a%2fb%2Fc",
        "/mine/a//b/./c/../d",
        "/mine/a+b%20c~!$&'()*,;=:@",
        "/mine/%E4%BD%A0%e5%a5%bd",
        "/mine/k?acl=&x=%2f+%20&&y&=z&x=2",
        "/mine/k?",
        "/mine/a%2F%2e%2e%2fk",
        "/mine/a%00b",
        "/mine",
        "/mine/",
    ] {
        let seen = forwarded_text(bare(&format!("DELETE {target}"), &[V2]));
        assert!(
            seen.starts_with(&format!("DELETE {target} HTTP/1.1\r\n")),
            "{seen}"
        );
    }
}

#[test]
fn the_host_is_the_clients() {
    for host in [
        "obs.example.com",
        "OBS.Example.com:8080",
        "mine.obs.example.com",
        "127.0.0.1:1",
        "[::1]",
    ] {
        let target = if host.starts_with("mine") { "/k" } else { "/mine/k" };
        let seen = forwarded_text(bare(&format!("GET {target}"), &[&format!("Host: {host}")]));
        assert!(seen.contains(&format!("\r\nhost: {host}\r\n")), "{seen}");
        assert_eq!(seen.matches("host:").count(), 1);
    }
}

#[test]
fn repeated_headers_keep_their_order_and_values() {
    let headers = [
        "x-amz-meta-a: 1",
        "X-Amz-Meta-A: 2, 3",
        "x-amz-meta-a:",
        "x-amz-meta-a:   4\t",
    ];
    let seen = forwarded_text(bare("PUT /mine/k", &headers));
    let values: Vec<_> = seen
        .lines()
        .filter_map(|line| line.strip_prefix("x-amz-meta-a:"))
        .map(str::trim)
        .collect();
    assert_eq!(values, ["1", "2, 3", "", "4"]);
}

#[test]
fn bytes_beyond_ascii_pass_in_values() {
    let mut sent =
        b"GET /mine/k HTTP/1.1\r\nhost: obs.example.com\r\nx-obs-meta-name: \xe4\xbd\xa0 \xff\x80".to_vec();
    sent.extend(b"\r\n\r\n");
    assert_eq!(forwarded(&sent), sent);
}

#[test]
fn a_body_is_framed_as_it_came() {
    let seen = forwarded_text(request("PUT /mine/k", &["Content-Length: 5"], "hello"));
    assert!(
        seen.contains("\r\ncontent-length: 5\r\n") && seen.ends_with("\r\n\r\nhello"),
        "{seen}"
    );
    assert!(!seen.contains("transfer-encoding"));
    let chunks = "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
    let seen = forwarded_text(request("PUT /mine/k", &["Transfer-Encoding: chunked"], chunks));
    assert!(seen.contains("\r\ntransfer-encoding: chunked\r\n"), "{seen}");
    assert!(!seen.contains("content-length"));
    let body = seen.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(unchunked(body), "hello");
    assert!(body.ends_with("\r\n0\r\n\r\n"), "{body}");
    for line in ["PUT /mine/k", "POST /mine/k?uploads", "DELETE /mine/k"] {
        let seen = forwarded_text(bare(line, &[V2]));
        assert!(
            !seen.contains("content-length") && !seen.contains("transfer-encoding"),
            "{seen}"
        );
        let seen = forwarded_text(bare(line, &[V2, "Content-Length: 0"]));
        assert!(seen.contains("\r\ncontent-length: 0\r\n"), "{seen}");
    }
}

#[test]
fn what_speaks_of_the_hop_before_stays_behind() {
    let headers = [
        "Connection: keep-alive, Upgrade, HTTP2-Settings, TE",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "Proxy-Authorization: Basic c2lnbmF0dXJl",
        "TE: trailers",
        "Forwarded: proto=https",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Ssl: on",
        "X-Forwarded-Scheme: https",
        "X-Forwarded-Protocol: https",
        "X-Forwarded-Host: other",
        "X-Forwarded-Port: 443",
        "X-Url-Scheme: https",
        "X-Original-URL: /other/k",
        "X-Rewrite-URL: /other/k",
        "CloudFront-Forwarded-Proto: https",
        "Front-End-Https: on",
        "X-Forwarded-For: 10.0.0.1",
        "Via: 1.1 before",
        "X-Obs-Meta-End: 1",
    ];
    let seen = forwarded_text(bare("GET /mine/k", &headers));
    assert_eq!(
        seen,
        "GET /mine/k HTTP/1.1\r\nhost: obs.example.com\r\nx-forwarded-for: 10.0.0.1\r\nvia: 1.1 before\r\n\
         x-obs-meta-end: 1\r\n\r\n"
    );
}

#[test]
fn a_header_of_a_front_does_not_make_a_request_secure() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    for front in [
        "X-Forwarded-Proto: https",
        "Forwarded: proto=https",
        "X-Forwarded-Ssl: on",
        "Front-End-Https: on",
    ] {
        let kms = "x-amz-server-side-encryption: aws:kms";
        gate.ask(Over::Http, bare("PUT /mine/k", &[V4, kms, front]))
            .assert_refused("InvalidRequest");
    }
}

#[test]
fn everything_signed_reaches_the_store_in_both_dialects() {
    let token = format!("x-amz-security-token: {TOKEN}");
    for (signature, headers) in [
        (
            V4,
            vec![
                "x-amz-date: 20240101T000000Z",
                "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                &*token,
            ],
        ),
        (
            OBS,
            vec![
                "x-obs-date: Mon, 01 Jan 2024 00:00:00 GMT",
                "x-obs-unheard-of: 1",
                "x-amz-other: 2",
            ],
        ),
    ] {
        let all = [&headers[..], &[signature]].concat();
        let seen = forwarded_text(bare("GET /mine/k", &all));
        for header in all {
            let (name, value) = header.split_once(": ").unwrap();
            let line = format!("\r\n{}: {value}\r\n", name.to_lowercase());
            assert!(seen.contains(&line), "{header}: {seen}");
        }
        assert_eq!(
            seen.lines().filter(|line| line.starts_with("x-")).count(),
            headers.len()
        );
    }
}

#[test]
fn declared_trailers_reach_the_store_and_others_do_not() {
    let body = "5\r\nhello\r\n0\r\nx-amz-checksum-crc32: AAAAAA==\r\nx-other: 1\r\n\r\n";
    let headers = ["Transfer-Encoding: chunked", "Trailer: x-amz-checksum-crc32"];
    let seen = forwarded_text(request("PUT /mine/k", &headers, body));
    assert!(seen.contains("\r\ntrailer: x-amz-checksum-crc32\r\n"), "{seen}");
    assert!(
        seen.ends_with("0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n"),
        "{seen}"
    );
}

#[test]
fn a_trailer_of_encryption_ends_the_request_whatever_declares_it() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        let seen = wire.read_to_end();
        assert!(!seen.contains("\r\n0\r\n"), "{seen}");
    });
    let gate = Running::before(&origin);
    let name = "x-amz-server-side-encryption";
    let body = format!("5\r\nhello\r\n0\r\n{name}: aws:kms\r\n\r\n");
    let trailer = format!("Trailer: {name}");
    let headers = ["Transfer-Encoding: chunked", &trailer, V2];
    let mut wire = gate.connect(Over::Http);
    wire.send(request("PUT /mine/k", &headers, &body));
    let (all, _) = wire.read_to_ending();
    assert!(all.starts_with("HTTP/1.1 400 "), "{all}");
    assert!(
        all.contains("\r\nx-obsgate-rule: guard.trailer-forbidden\r\n"),
        "{all}"
    );
    assert_eq!(gate.events()[0]["outcome"], "malformed");
}

#[test]
fn a_request_of_http_1_0_reaches_the_store_and_its_answer_the_client() {
    let origin = ScriptedOrigin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    wire.send("GET /mine/k HTTP/1.0\r\nHost: obs.example.com\r\n\r\n");
    let (all, _) = wire.read_to_ending();
    assert!(all.ends_with("\r\n\r\nok"), "{all}");
    assert!(
        origin
            .seen(0)
            .starts_with("GET /mine/k HTTP/1.1\r\nhost: obs.example.com\r\n")
    );
}

#[test]
fn answers_are_relayed_with_nothing_added_taken_or_unpacked() {
    let head = "HTTP/1.1 200 OK\r\nx-b: 1\r\nx-a: \u{e9} 2\r\nx-b: 3\r\ncontent-encoding: gzip\r\nx-obs-id-2: i\r\n\
                content-length: 6\r\n\r\n";
    let origin = ScriptedOrigin::answering(format!("{head}\u{1f}notgz"));
    let gate = Running::before(&origin);
    let answer = gate.ask(Over::Https, bare("GET /mine/k", &["Accept-Encoding: gzip"]));
    assert_eq!(answer.body, "\u{1f}notgz");
    let mut lines: Vec<_> = answer.head.trim_end().lines().collect();
    let mut expected: Vec<_> = head.trim_end().lines().collect();
    let repeated = lines.iter().filter(|line| line.starts_with("x-b")).copied();
    assert_eq!(repeated.collect::<Vec<_>>(), ["x-b: 1", "x-b: 3"]);
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn redirects_and_errors_of_the_store_are_relayed_and_not_followed() {
    for status in [
        "301 Moved Permanently",
        "307 Temporary Redirect",
        "400 Bad Request",
        "503 Slow Down",
    ] {
        let text = format!(
            "HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:1/elsewhere\r\ncontent-length: 5\r\n\r\nmoved"
        );
        let origin = ScriptedOrigin::answering(text.clone());
        let gate = Running::before(&origin);
        let answer: Answer = gate.ask(Over::Http, bare("PUT /mine/k", &[V2]));
        assert_eq!(format!("{}{}", answer.head, answer.body), text);
        assert_eq!(origin.connections(), 1);
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let (data, rest) = rest.split_at(usize::from_str_radix(size, 16).unwrap());
        whole.push_str(data);
        body = rest.trim_start_matches("\r\n");
    }
    whole
}

#[test]
fn an_answer_reaches_its_client_line_by_line_as_it_came() {
    let kept = "ETag:  \"a\" \r\nserver:x\r\nX-AMZ-Request-Id:\t1\r\nVary: a\r\nContent-Length: 2\r\nVARY: b\r\nx_y: \u{e9}\r\n";
    let left = "Keep-Alive: timeout=5\r\nConnection: keep-alive, X-Hop\r\nx-hop: 1\r\nProxy-Authenticate: Basic\r\nHTTP2-Settings: AAA\r\n";
    for place in [
        0,
        kept.find("server").unwrap(),
        kept.find("Content").unwrap(),
        kept.len(),
    ] {
        let (before, after) = kept.split_at(place);
        let sent = format!("HTTP/1.1 200 Fine\r\n{before}{left}{after}\r\nok");
        let origin = ScriptedOrigin::answering(sent);
        let gate = Running::before(&origin);
        for over in [Over::Http, Over::Https] {
            let answer = gate.ask(over, bare("GET /mine/k", &[V4]));
            assert_eq!(answer.head, format!("HTTP/1.1 200 Fine\r\n{kept}\r\n"), "{place}");
            assert_eq!(answer.body, "ok");
        }
    }
}

#[test]
fn what_shows_where_an_answer_ends_is_said_once_and_as_its_client_knows_it() {
    let chunked = "Transfer-Encoding: chunked\r\nETag: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    for (sent, version, expected) in [
        (
            "200 OK\r\nContent-Length: 2\r\n\r\nok",
            "1.1",
            "200 OK\r\nContent-Length: 2\r\n\r\nok",
        ),
        (
            "200 OK\r\nContent-Length: 2\r\n\r\nok",
            "1.0",
            "200 OK\r\nContent-Length: 2\r\n\r\nok",
        ),
        (
            "200 OK\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nok",
            "1.1",
            "200 OK\r\ncontent-length: 2\r\n\r\nok",
        ),
        (
            &format!("200 OK\r\n{chunked}"),
            "1.0",
            "200 OK\r\nETag: 1\r\n\r\nok",
        ),
        (
            &format!("200 OK\r\n{chunked}"),
            "1.1",
            "200 OK\r\nETag: 1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        ),
        (
            "204 No Content\r\nContent-Length: 0\r\nETag: 1\r\n\r\n",
            "1.1",
            "204 No Content\r\nETag: 1\r\n\r\n",
        ),
        (
            "304 Not Modified\r\nContent-Length: 9\r\nTrailer: x\r\n\r\n",
            "1.1",
            "304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        ),
        (
            "200 OK\r\nTrailer: x\r\nContent-Length: 0\r\n\r\n",
            "1.0",
            "200 OK\r\nContent-Length: 0\r\n\r\n",
        ),
    ] {
        let origin = ScriptedOrigin::answering(format!("HTTP/1.1 {sent}"));
        let gate = Running::before(&origin);
        let mut wire = gate.connect(Over::Http);
        let ask = format!("GET /mine/k HTTP/{version}\r\nHost: obs.example.com\r\n{V4}\r\n\r\n");
        wire.send(ask);
        let expected = format!("HTTP/{version} {expected}");
        let got = wire.read_exactly(expected.len());
        assert_eq!(String::from_utf8_lossy(&got), expected, "{sent:?}");
    }
}
