//! Reads whose answer decides: held, then released whole or replaced without a byte of the body (rulings, 3, 16, 17).

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, OBS, V2, V2_QUERY, V4, V4_QUERY, bare, trio},
    support::ScriptedOrigin,
};
use obsgate::config::Builtin;
use std::sync::mpsc;

const BODY: &str = "the bytes of the object";

fn answer(status: &str, headers: &[&str]) -> String {
    let headers = headers.join("\r\n") + "\r\n";
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{BODY}",
        BODY.len()
    )
}

#[test]
fn the_answer_about_a_kms_object_is_replaced_and_its_connection_closed() {
    let (closed, wait) = mpsc::channel();
    let origin = ScriptedOrigin::start(move |_, mut wire| {
        wire.read_head();
        wire.send(answer(
            "200 OK",
            &["x-obs-server-side-encryption: kms", "x-mark: 1"],
        ));
        // Nothing else comes over a connection with an answer that nobody may read.
        assert_eq!(wire.read_to_end(), "");
        closed.send(()).unwrap();
    });
    let gate = Running::before(&origin);
    let reads = [
        (Over::Http, bare("GET /mine/k", &[V2]), "InvalidRequest"),
        (Over::Http, bare("GET /mine/k", &[V4]), "InvalidRequest"),
        (Over::Http, bare("GET /mine/k", &[] as &[&str]), "InvalidRequest"),
        (Over::Https, bare("GET /mine/k", &[V2]), "InvalidArgument"),
        (Over::Https, bare("GET /mine/k", &[OBS]), "InvalidArgument"),
        (
            Over::Https,
            bare(&format!("GET /mine/k?{V2_QUERY}"), &[] as &[&str]),
            "InvalidArgument",
        ),
    ];
    for (over, request, code) in &reads {
        let answer = gate.ask(*over, request);
        answer.assert_refused(code);
        assert!(
            !answer.body.contains(BODY) && !answer.head.contains("x-mark"),
            "{answer:?}"
        );
        wait.recv().unwrap();
    }
    assert_eq!(origin.connections(), reads.len());
    for event in gate.events() {
        assert_eq!(event["outcome"], "refused");
        assert_eq!(event["told_by"], "response");
        assert_eq!(event["encryption_decided"], "sse-kms");
    }
}

#[test]
fn a_plain_answer_is_released_byte_for_byte() {
    for (status, headers) in [
        ("200 OK", &["ETag: \"x\"", "x-obs-meta-a: 1"][..]),
        ("206 Partial Content", &["Content-Range: bytes 3-25/100"]),
        ("200 Fine", &["x-obs-server-side-encryption: AES256"]),
    ] {
        let origin = ScriptedOrigin::answering(answer(status, headers));
        let gate = Running::before(&origin);
        let got = gate.ask(Over::Http, bare("GET /mine/k", &[V2, "Range: bytes=3-25"]));
        assert!(got.head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{got:?}");
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            assert_eq!(got.header(name), Some(value));
        }
        assert_eq!(got.body, BODY);
        assert!(origin.seen(0).contains("\r\nrange: bytes=3-25\r\n"));
    }
}

#[test]
fn an_answer_that_is_no_2xx_passes_whatever_it_says_of_encryption() {
    for status in [
        "304 Not Modified",
        "404 Not Found",
        "403 Forbidden",
        "416 Range Not Satisfiable",
        "307 Temporary Redirect",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ] {
        let body = if status.starts_with("304") { "" } else { "told" };
        let origin = ScriptedOrigin::answering(format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nx-obs-server-side-encryption: kms\r\n\r\n{body}",
            body.len()
        ));
        let gate = Running::before(&origin);
        let got = gate.ask(Over::Http, bare("GET /mine/k", &[V2]));
        assert!(got.head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{got:?}");
        assert_eq!(got.body, body);
        assert_eq!(got.rule(), "");
    }
}

#[test]
fn every_get_is_judged_on_its_answer_whatever_its_query() {
    let origin = ScriptedOrigin::answering(answer("200 OK", &["x-amz-server-side-encryption: aws:kms"]));
    let gate = Running::before(&origin);
    for target in [
        "/mine/k?acl",
        "/mine/k?tagging",
        "/mine/k?uploadId=u",
        "/mine/k?versionId=1",
        "/mine/k?torrent",
        "/mine/k?x-image-process=image/resize,w_100",
        "/mine/k?nothing-known",
        "/mine/?website",
        "/mine",
        "/mine?encryption",
        "/",
    ] {
        for (over, signature) in [(Over::Http, V4), (Over::Https, V2)] {
            let got = gate.ask(over, bare(&format!("GET {target}"), &[signature]));
            assert_eq!(got.status(), 400, "{target}");
            assert!(!got.body.contains(BODY), "{target}");
        }
        let got = gate.ask(Over::Https, bare(&format!("GET {target}"), &[V4]));
        assert_eq!((got.status(), &*got.body), (200, BODY), "{target}");
    }
}

#[test]
fn a_customer_key_on_a_read_does_not_open_a_kms_object() {
    let kms = ScriptedOrigin::answering(answer("200 OK", &["x-obs-server-side-encryption: kms"]));
    let keyed = ScriptedOrigin::answering(answer(
        "200 OK",
        &["x-obs-server-side-encryption-customer-algorithm: AES256"],
    ));
    let request = |signature: &str| {
        let mut headers = trio("obs");
        headers.push(signature.to_owned());
        bare("GET /mine/k", &headers)
    };
    let gate = Running::before(&kms);
    gate.ask(Over::Https, request(V2))
        .assert_refused("InvalidArgument");
    assert_eq!(gate.ask(Over::Https, request(V4)).body, BODY);
    let gate = Running::before(&keyed);
    assert_eq!(gate.ask(Over::Https, request(V2)).body, BODY);
}

#[test]
fn an_encryption_nobody_knows_is_never_taken_for_none() {
    for header in [
        "x-obs-server-side-encryption: rot13",
        "x-obs-server-side-encryption:",
        "x-amz-server-side-encryption: aws:kms:dsse",
        "x-obs-server-side-data-encryption: SM4",
        "x-obs-server-side-encryption-kms-key-id: k",
        "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled: true",
    ] {
        let origin = ScriptedOrigin::answering(answer("200 OK", &[header]));
        let gate = Running::before(&origin);
        for (over, signature) in [(Over::Http, V4), (Over::Https, V2)] {
            let got = gate.ask(over, bare("GET /mine/k", &[signature]));
            assert_eq!(got.status(), 400, "{header} {over:?}: {got:?}");
            assert!(!got.body.contains(BODY));
        }
        assert_eq!(gate.ask(Over::Https, bare("GET /mine/k", &[V4])).body, BODY);
    }
}

#[test]
fn a_presigned_v4_read_of_a_kms_object_passes_over_https_and_not_over_http() {
    let origin = ScriptedOrigin::answering(answer("200 OK", &["x-amz-server-side-encryption: aws:kms"]));
    let gate = Running::before(&origin);
    let request = bare(&format!("GET /mine/k?{V4_QUERY}"), &[] as &[&str]);
    assert_eq!(gate.ask(Over::Https, &request).body, BODY);
    gate.ask(Over::Http, &request).assert_refused("InvalidRequest");
}

#[test]
fn a_head_is_never_held() {
    let origin = ScriptedOrigin::answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 23\r\nx-obs-server-side-encryption: kms\r\n\r\n",
    );
    let gate = Running::before(&origin);
    for over in [Over::Http, Over::Https] {
        let mut wire = gate.connect(over);
        wire.send(bare("HEAD /mine/k", &[V2]));
        let got = Answer::read(&mut wire, true);
        assert_eq!(got.status(), 200);
        assert_eq!(got.header("x-obs-server-side-encryption"), Some("kms"));
        assert_eq!(got.header("content-length"), Some("23"));
    }
}

#[test]
fn transport_alone_decides_where_the_documents_know_no_signatures() {
    let origin = ScriptedOrigin::answering(answer("200 OK", &["x-obs-server-side-encryption: kms"]));
    for profile in [Builtin::Huawei, Builtin::HuaweiLegacy] {
        let gate = Setup::before(&origin).profile(profile).start();
        gate.ask(Over::Http, bare("GET /mine/k", &[V4]))
            .assert_refused("InvalidRequest");
        assert_eq!(gate.ask(Over::Https, bare("GET /mine/k", &[V2])).body, BODY);
    }
}

#[test]
fn the_client_of_a_replaced_answer_may_go_on() {
    let origin = ScriptedOrigin::start(|number, mut wire| {
        wire.read_head();
        let header = if number == 0 {
            "x-obs-server-side-encryption: kms"
        } else {
            "x-a: b"
        };
        wire.send(answer("200 OK", &[header]));
        wire.read_to_end();
    });
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("GET /mine/k", &[V2]));
    Answer::read(&mut wire, false).assert_refused("InvalidRequest");
    wire.send(bare("GET /mine/k", &[V2]));
    assert_eq!(Answer::read(&mut wire, false).body, BODY);
}
