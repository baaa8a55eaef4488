//! Refusals as answers of HTTP/2: the same code, text and rule as over HTTP/1, and the connection goes on.

use crate::{
    frames::Code,
    harness::{Over, Running, Setup},
    message::{self, KEY_MD5, OBS, V2, V4, trio},
    peer::{Peer, fields},
    support::ScriptedOrigin,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const FORM: &str = "Content-Type: multipart/form-data; boundary=b";

/// One request of every class of denial: its line, headers, body, code and rule.
#[expect(clippy::too_many_lines, reason = "a table")]
fn denied() -> Vec<(
    &'static str,
    Vec<String>,
    &'static str,
    &'static str,
    &'static str,
)> {
    let kms = "x-amz-server-side-encryption: aws:kms".to_owned();
    let mut wrong_key = trio("amz");
    wrong_key[2] = wrong_key[2].replace(KEY_MD5, "AAAAAAAAAAAAAAAAAAAAAA==");
    wrong_key.extend([V4.to_owned(), "Content-Length: 1".to_owned()]);
    vec![
        (
            "PUT /mine/k",
            vec![V2.into(), kms.clone()],
            "body",
            "InvalidArgument",
            "strict.",
        ),
        (
            "PUT /mine/k",
            vec![OBS.into(), kms],
            "body",
            "InvalidArgument",
            "strict.",
        ),
        (
            "GET /mine/k?Acl",
            vec![OBS.into()],
            "",
            "InvalidArgument",
            "malformed.subresource",
        ),
        (
            "GET //k",
            vec![OBS.into()],
            "",
            "InvalidArgument",
            "malformed.bucket",
        ),
        (
            "TRACE /mine/k",
            vec![OBS.into()],
            "",
            "MethodNotAllowed",
            "malformed.method",
        ),
        (
            "GET /mine/k",
            vec![OBS.into()],
            "body",
            "InvalidRequest",
            "malformed.body",
        ),
        (
            "DELETE /mine/k",
            vec![OBS.into(), "Content-Length: 4".into()],
            "body",
            "InvalidRequest",
            "malformed.body",
        ),
        (
            "GET /mine/k",
            vec![OBS.into(), "x-a:  b".into()],
            "",
            "InvalidRequest",
            "guard.padded-value",
        ),
        (
            "PUT /mine/k",
            vec![OBS.into(), "Expect: nothing".into()],
            "b",
            "ExpectationFailed",
            "guard.expect",
        ),
        ("PUT /mine/k", wrong_key, "b", "InvalidArgument", "defect."),
        (
            "POST /mine",
            vec![FORM.into()],
            "--b\r\nnonsense",
            "MalformedPOSTRequest",
            "form.",
        ),
        (
            "PUT /mine/k?partNumber=1&uploadId=u",
            vec![V2.into()],
            "b",
            "InvalidRequest",
            "unknown.upload",
        ),
    ]
}

#[test]
fn every_class_of_denial_is_an_answer_with_its_rule_and_the_connection_goes_on() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let mut rules = Vec::new();
    for (line, headers, body, code, rule) in denied() {
        let stream = peer.begin(&fields(line, &headers), body.is_empty());
        if !body.is_empty() {
            peer.data(stream, body, true);
        }
        let answer = peer.answer(stream);
        assert!(answer.rule().starts_with(rule), "{line}: {answer:?}");
        answer.assert_refused(code);
        rules.push(answer.rule().to_owned());
    }
    peer.assert_serves();
    drop(peer);
    let events = gate.events();
    let logged: Vec<&str> = events.iter().filter_map(|event| event["rule"].as_str()).collect();
    assert_eq!(logged, rules);
    assert!(events.iter().all(|event| event["http"] == "2"), "{events:?}");
    assert_eq!(origin.seen(0).matches("HTTP/1.1").count(), 1);
}

#[test]
fn a_refusal_says_the_same_as_over_http_1() {
    let origin = ScriptedOrigin::uncalled();
    for (line, headers, body, ..) in denied() {
        if headers.iter().any(|header| header.starts_with("x-a:")) {
            continue;
        }
        let gate = Running::before(&origin);
        let mut headers = headers;
        if !body.is_empty() && !headers.iter().any(|header| header.starts_with("Content-Length")) {
            headers.push(format!("Content-Length: {}", body.len()));
        }
        let over_1 = gate.ask(Over::Https, message::request(line, &headers, body));
        let mut peer = Peer::connect(&gate);
        let stream = peer.begin(&fields(line, &headers), body.is_empty());
        if !body.is_empty() {
            peer.data(stream, body, true);
        }
        let over_2 = peer.answer(stream);
        assert_eq!(over_2.status(), over_1.status(), "{line}");
        for name in ["x-obsgate-rule", "content-type", "x-obs-error-code"] {
            assert_eq!(over_2.header(name), over_1.header(name), "{line}");
        }
        assert_eq!(
            over_2.as_answer().element("Message"),
            over_1.element("Message"),
            "{line}"
        );
    }
}

#[test]
fn a_refused_head_request_has_its_code_in_the_head_and_no_body() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let answer = peer.ask("HEAD /mine/k?Acl", &[OBS]);
    assert_eq!((answer.status(), answer.body.len()), (400, 0));
    assert_eq!(answer.header("x-obs-error-code"), Some("InvalidArgument"));
    assert!(answer.ended && answer.reset.is_none());
    peer.assert_alive();
}

#[test]
fn a_refusal_with_the_body_unread_is_answered_and_then_reset_without_an_error() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let head = fields(
        "PUT /mine/k",
        &[
            V2,
            "x-amz-server-side-encryption: aws:kms",
            "Content-Length: 1000000",
        ],
    );
    let stream = peer.begin(&head, false);
    peer.data(stream, [b'x'; 16_384], false);
    peer.answer(stream).assert_refused("InvalidArgument");
    let answer = peer.wait(stream, |stream| stream.reset.is_some());
    assert_eq!(answer.reset, Some(Code::NoError));
    // What was on its way is thrown away, and weighs on the windows of nobody.
    for _ in 0..60 {
        peer.data(stream, [b'x'; 16_384], false);
    }
    peer.assert_alive();
    peer.assert_serves();
}

#[test]
fn a_store_that_is_not_there_is_503_and_the_connection_goes_on() {
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gate = Setup::to(nowhere).start();
    let mut peer = Peer::connect(&gate);
    for _ in 0..2 {
        let answer = peer.ask("GET /mine/k", &[V4]);
        assert_eq!(
            (answer.status(), answer.as_answer().element("Code")),
            (503, "ServiceUnavailable")
        );
    }
    peer.assert_alive();
}
