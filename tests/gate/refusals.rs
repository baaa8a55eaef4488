//! What a refused caller reads, and what it does not.

use crate::{
    harness::{Over, Running},
    message::{Answer, KEY, OBS, OBS_QUERY, TOKEN, V2, V2_QUERY, V4, bare, request, trio},
    support::{Ending, ScriptedOrigin},
};
use std::time::Duration;

/// Refused in every profile: a customer key in clear.
fn keyed(line: &str, dialect: &str, signature: &str, more: &[&str]) -> String {
    let mut headers = trio(dialect);
    headers.push(signature.to_owned());
    headers.extend(more.iter().map(|one| (*one).to_owned()));
    bare(line, &headers)
}

#[test]
fn a_refusal_is_xml_in_the_callers_dialect_with_its_id_and_rule_in_headers_and_log() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let mut ids = Vec::new();
    for (signature, dialect) in [(OBS, "obs"), (V2, "amz"), (V4, "amz")] {
        let other = if dialect == "obs" { "amz" } else { "obs" };
        let answer = gate.ask(Over::Http, keyed("GET /mine/a%20%3Ck", dialect, signature, &[]));
        assert_eq!(answer.status(), 400);
        answer.assert_refused("InvalidRequest");
        assert_eq!(
            answer.element("Message"),
            "Requests specifying Server Side Encryption with Customer provided keys must be made over a secure \
             connection. Discard the customer key of this request: it was sent in clear."
        );
        assert_eq!(answer.element("Resource"), "/mine/a%20%3Ck");
        let id = answer.header(&format!("x-{dialect}-request-id")).unwrap();
        assert_eq!(answer.element("RequestId"), id);
        assert_eq!(
            answer.header(&format!("x-{dialect}-id-2")).unwrap(),
            answer.element("HostId")
        );
        assert!(!answer.head.contains(&format!("x-{other}-")), "{}", answer.head);
        assert!(answer.header("date").is_some());
        ids.push((id.to_owned(), answer.rule().to_owned()));
    }
    let logged: Vec<_> = gate
        .events()
        .iter()
        .map(|event| {
            assert_eq!(
                (&event["outcome"], &event["status"]),
                (&"refused".into(), &400.into())
            );
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            (text("request_id"), text("rule"))
        })
        .collect();
    assert_eq!(logged, ids);
}

#[test]
fn a_refused_head_has_no_body_and_says_code_and_message_in_headers() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    for (signature, dialect) in [(OBS, "obs"), (V4, "amz")] {
        let mut wire = gate.connect(Over::Http);
        wire.send(keyed("HEAD /mine/k", dialect, signature, &["Connection: close"]));
        let (all, ending) = wire.read_to_ending();
        assert_eq!(ending, Ending::Closed);
        assert!(
            all.starts_with("HTTP/1.1 400 Bad Request\r\n") && all.ends_with("\r\n\r\n"),
            "{all}"
        );
        let answer = Answer {
            head: all,
            body: String::new(),
        };
        let header = |tail: &str| answer.header(&format!("x-{dialect}-error-{tail}"));
        assert_eq!(header("code"), Some("InvalidRequest"));
        let message = header("message").unwrap();
        assert!(
            message.contains("secure connection") && message.ends_with("it was sent in clear."),
            "{message}"
        );
        assert!(!answer.rule().is_empty());
        answer.assert_echoes_nothing();
    }
}

#[test]
fn a_refused_upload_that_waits_for_a_100_never_gets_one() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    for over in [Over::Http, Over::Https] {
        let mut wire = gate.connect(over);
        let kms = "x-amz-server-side-encryption: aws:kms";
        let headers = [V2, kms, "Expect: 100-continue", "Content-Length: 5"];
        wire.send(bare("PUT /mine/k", &headers));
        let (all, ending) = wire.read_to_ending();
        assert!(all.starts_with("HTTP/1.1 400 "), "{all}");
        assert!(!all.contains("100 Continue"), "{all}");
        assert!(all.contains("\r\nconnection: close\r\n"), "{all}");
        assert_eq!(ending, Ending::Closed);
    }
}

#[test]
fn a_refusal_says_once_that_its_connection_closes_where_the_version_does_not_say_so() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    for (version, said) in [("1.1", &["close"][..]), ("1.0", &[])] {
        let mut wire = gate.connect(Over::Http);
        wire.send(format!(
            "PUT /mine/k HTTP/{version}\r\nHost: obs.example.com\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\
             x-amz-server-side-encryption: aws:kms\r\n{V2}\r\n\r\n"
        ));
        let (all, ending) = wire.read_to_ending();
        assert!(all.starts_with(&format!("HTTP/{version} 400 ")), "{all}");
        let fields = all.lines().filter_map(|line| line.strip_prefix("connection: "));
        assert_eq!(fields.collect::<Vec<_>>(), said, "{all}");
        assert_eq!(ending, Ending::Closed);
    }
}

#[test]
fn an_upload_that_waits_for_a_100_gets_it_when_the_store_wants_the_body() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        assert!(wire.read_head().contains("\r\nexpect: 100-continue\r\n"));
        assert!(wire.is_silent_for(Duration::from_millis(200)));
        wire.send("HTTP/1.1 100 Continue\r\n\r\n");
        wire.read_until("hello");
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    let headers = [V4, "Expect: 100-continue", "Content-Length: 5"];
    wire.send(bare("PUT /mine/k", &headers));
    assert!(wire.read_head().starts_with("HTTP/1.1 100 "));
    wire.send("hello");
    assert!(wire.read_head().starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_refusal_whose_body_was_read_or_was_not_there_keeps_the_connection() {
    let origin = ScriptedOrigin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    for more in ["Content-Length: 0", "x-nothing: at all"] {
        wire.send(keyed("PUT /mine/k", "obs", OBS, &[more]));
        let answer = Answer::read(&mut wire, false);
        answer.assert_refused("InvalidRequest");
        assert_eq!(answer.header("connection"), None);
    }
    wire.send(bare("GET /mine/k", &[OBS]));
    assert_eq!(Answer::read(&mut wire, false).body, "ok");
}

#[test]
fn every_kind_of_refusal_is_a_4xx_that_echoes_no_secret() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let kms = "x-obs-server-side-encryption: kms";
    let key = KEY.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let in_query = format!("GET /mine/k?x-obs-server-side-encryption-customer-key={key}&{OBS_QUERY}");
    let twice = format!("GET /mine/k?{V2_QUERY}");
    let token = format!("x-amz-security-token: {TOKEN}");
    let requests = [
        (Over::Http, bare("PUT /mine/k", &[V4, kms]), "InvalidRequest"),
        (
            Over::Https,
            bare("PUT /mine/k", &[V2, kms, &token]),
            "InvalidArgument",
        ),
        (Over::Https, bare("PUT /mine/k", &[kms]), "InvalidArgument"),
        (
            Over::Https,
            bare("PUT /mine/k", &["Authorization: Bearer c2lnbmF0dXJl", kms]),
            "InvalidArgument",
        ),
        (Over::Http, bare(&in_query, &[] as &[&str]), "InvalidRequest"),
        (Over::Https, bare(&twice, &[V4]), "InvalidArgument"),
        (
            Over::Https,
            bare("PUT /mine/k", &[&format!("x-obs-server-side-encryption: {KEY}")]),
            "InvalidArgument",
        ),
    ];
    for (over, request, code) in requests {
        gate.ask(over, request).assert_refused(code);
    }
}

#[test]
fn what_is_required_is_named() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let kms = "x-amz-server-side-encryption: aws:kms";
    for (over, signature, required) in [
        (Over::Http, V4, "must be made over a secure connection"),
        (Over::Https, V2, "require Signature Version 4"),
        (Over::Https, OBS, "AWS4-HMAC-SHA256"),
        (
            Over::Http,
            V2,
            "secure connection and require Signature Version 4",
        ),
    ] {
        let body = request(
            "PUT /mine/k",
            &[signature, kms, "Connection: close", "Content-Length: 4"],
            "body",
        );
        let answer = gate.ask(over, body);
        let message = answer.element("Message");
        assert!(message.contains(required), "{over:?} {signature}: {message}");
    }
}
