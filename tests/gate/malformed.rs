//! What is ambiguous never reaches the store: a few of each family; the whole lists are tested from heads alone.

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, KEY, OBS, OBS_QUERY, V2, V2_QUERY, V4, V4_QUERY, bare, request},
    support::{Ending, ScriptedOrigin},
};

const NONE: &[&str] = &[];

/// Malformed requests, and the rule that each is refused by.
fn requests() -> Vec<(String, &'static str)> {
    [families_of_targets(), families_of_headers(), families_of_bodies()].concat()
}

fn families_of_targets() -> Vec<(String, &'static str)> {
    let lines = [
        ("GET /mine/k?Acl", "malformed.subresource"),
        ("GET /mine/k?%61cl", "malformed.subresource"),
        ("GET /mine?acl&acl=1", "malformed.subresource-repeated"),
        (
            "POST /mine/k?uploads&uploadId=1",
            "malformed.subresources-together",
        ),
        (
            "PUT /mine/k?partNumber=1&uploadId=",
            "malformed.subresource-value",
        ),
        ("GET /mine/k?x%00=1", "malformed.query-name"),
        ("GET //mine/k", "malformed.bucket"),
        ("GET /mi%2Fne/k", "malformed.bucket"),
        ("GET /mine/../other/k", "malformed.path"),
        ("GET /mine/%2e%2e/other/k", "malformed.path"),
        ("GET http://other.example.com/mine/k", "malformed.authority"),
        ("GET https://obs.example.com/mine/k", "malformed.authority"),
        ("PATCH /mine/k", "malformed.method"),
        ("CONNECT obs.example.com:443", "malformed.method"),
        (
            "PUT /mine/k?x-obs-server-side-encryption=rot13",
            "malformed.encryption-method",
        ),
    ];
    lines.map(|(line, rule)| (bare(line, NONE), rule)).into()
}

fn families_of_headers() -> Vec<(String, &'static str)> {
    let put = |headers: &[&str], rule| (bare("PUT /mine/k", headers), rule);
    let kms = "x-obs-server-side-encryption: kms";
    let (obs_query, v4_query) = (
        format!("GET /mine/k?{OBS_QUERY}"),
        format!("GET /mine/k?{V4_QUERY}"),
    );
    let both_queries = format!("GET /mine/k?{V2_QUERY}&{V4_QUERY}");
    let forwarded = V4.replace("SignedHeaders=host", "SignedHeaders=forwarded;host");
    vec![
        put(&["Host: elsewhere.org"], "malformed.host"),
        put(&["Host: obs.example.com."], "malformed.host"),
        put(
            &["Host: obs.example.com", "Host: obs.example.com"],
            "malformed.host",
        ),
        ("PUT /mine/k HTTP/1.1\r\n\r\n".to_owned(), "malformed.host"),
        ("GET /mine/k HTTP/1.0\r\n\r\n".to_owned(), "malformed.host"),
        put(
            &["x-obs-server-side-encryption: KMS"],
            "malformed.encryption-method",
        ),
        put(&["x-obs-server-side-encryption:"], "malformed.encryption-method"),
        put(&[kms, kms], "malformed.encryption-repeated"),
        put(
            &[kms, "x-amz-server-side-encryption: AES256"],
            "malformed.encryption-conflict",
        ),
        put(
            &[kms, &format!("x-obs-server-side-encryption-customer-key: {KEY}")],
            "malformed.two-modes",
        ),
        put(
            &[
                "x-obs-server-side-encryption: AES256",
                "x-obs-server-side-encryption-kms-key-id: k",
            ],
            "malformed.contradiction",
        ),
        put(&["x_obs_server_side_encryption: kms"], "malformed.header-name"),
        (bare(&obs_query, &[V4]), "malformed.signatures"),
        (bare(&v4_query, &[V2]), "malformed.signatures"),
        (bare(&both_queries, NONE), "malformed.signatures"),
        put(&[OBS, V2], "malformed.signatures"),
        put(
            &[&forwarded, "Forwarded: proto=https"],
            "malformed.signed-forwarded",
        ),
        put(
            &["Connection: x-obs-server-side-encryption", kms],
            "malformed.connection",
        ),
        put(&["Connection: close, authorization", V2], "malformed.connection"),
        put(&["Expect: 200-ok"], "guard.expect"),
        put(
            &["x-obs-copy-source: /a/b", "x-obs-copy-source: /a/c"],
            "malformed.copy-source-repeated",
        ),
        put(&["x-obs-copy-source: /a"], "malformed.copy-source"),
        put(
            &["x-amz-copy-source: /a/b", "x-obs-copy-source: /a/b"],
            "malformed.copy-source-repeated",
        ),
    ]
}

fn families_of_bodies() -> Vec<(String, &'static str)> {
    let chunked = "Transfer-Encoding: chunked";
    let form = "Content-Type: multipart/form-data; boundary=b";
    vec![
        (
            request("GET /mine/k", &["Content-Length: 1"], "x"),
            "malformed.body",
        ),
        (request("HEAD /mine/k", &[chunked], "0\r\n\r\n"), "malformed.body"),
        (
            request(
                "PUT /mine/k",
                &["x-obs-copy-source: /a/b", "Content-Length: 1"],
                "x",
            ),
            "malformed.copy-body",
        ),
        (
            request("PUT /mine/k", &["x-obs-copy-source: /a/b", chunked], "0\r\n\r\n"),
            "malformed.copy-body",
        ),
        (
            request("POST /mine", &["Content-Length: 1"], "x"),
            "malformed.not-a-form",
        ),
        (
            request("POST /mine", &[form, form, "Content-Length: 1"], "x"),
            "malformed.content-type",
        ),
    ]
}

#[test]
fn malformed_requests_of_every_family_are_refused_and_never_reach_the_store() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let requests = requests();
    for (request, rule) in &requests {
        let answer = if request.starts_with("HEAD") {
            gate.ask(Over::Http, request)
        } else {
            let answer = gate.ask(Over::Http, request);
            assert!(!answer.element("Code").is_empty(), "{request}");
            answer
        };
        assert_eq!(answer.rule(), *rule, "{request}");
        assert!((400..500).contains(&answer.status()), "{request}");
        answer.assert_echoes_nothing();
    }
    let events = gate.events();
    assert_eq!(events.len(), requests.len());
    for (event, (request, rule)) in events.iter().zip(&requests) {
        assert_eq!(event["outcome"], "malformed", "{request}");
        assert_eq!(event["rule"], *rule, "{request}");
    }
}

#[test]
fn shadow_mode_refuses_them_too() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Setup::before(&origin).shadow().start();
    for (request, rule) in requests() {
        assert_eq!(gate.ask(Over::Http, &request).rule(), rule, "{request}");
    }
}

#[test]
fn what_is_no_request_or_more_than_one_is_refused_and_never_reaches_the_store() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let put = |fields: &str, body: &str| {
        format!("PUT /mine/k HTTP/1.1\r\nHost: obs.example.com\r\n{fields}\r\n\r\n{body}")
    };
    let get = |fields: &str| format!("GET /mine/k HTTP/1.1\r\nHost: obs.example.com\r\n{fields}\r\n\r\n");
    for (bytes, rule) in [
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "guard.preface"),
        (
            "GET /mine/k HTTP/2.0\r\nHost: obs.example.com\r\n\r\n".to_owned(),
            "guard.version",
        ),
        ("GET /mine/k\r\n\r\n".to_owned(), "guard.version"),
        ("GET /mine/k y HTTP/1.1\r\n\r\n".to_owned(), "guard.version"),
        ("GET /mine/k#acl HTTP/1.1\r\n\r\n".to_owned(), "guard.fragment"),
        (get("x : 1"), "guard.space-before-colon"),
        (get("x: a\r\n folded: b"), "guard.obs-fold"),
        (get("x: a\0b"), "guard.control-byte"),
        (get("x: a\nx: b"), "guard.bare-lf"),
        (
            put(
                "Content-Length: 1\r\nTransfer-Encoding: chunked",
                "1\r\nx\r\n0\r\n\r\n",
            ),
            "guard.length-and-coding",
        ),
        (
            put(
                "Transfer-Encoding: chunked\r\nContent-Length: 1",
                "1\r\nx\r\n0\r\n\r\n",
            ),
            "guard.length-and-coding",
        ),
        (
            put("Content-Length: 1\r\nContent-Length: 2", "xx"),
            "guard.length-repeated",
        ),
        (put("Content-Length: +1", "x"), "guard.length"),
        (
            put("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
            "guard.coding",
        ),
        (
            put("Transfer-Encoding: chunked, gzip", "0\r\n\r\n"),
            "guard.coding",
        ),
    ] {
        let mut wire = gate.connect(Over::Http);
        wire.send(&bytes);
        let (all, ending) = wire.read_to_ending();
        assert!(all.starts_with("HTTP/1.1 400 "), "{bytes:?}: {all}");
        assert!(
            all.contains(&format!("\r\nx-obsgate-rule: {rule}\r\n")),
            "{bytes:?}: {all}"
        );
        assert!(
            all.contains("\r\nconnection: close\r\n") && all.ends_with("</Error>"),
            "{all}"
        );
        assert_eq!(all.matches("<Error>").count(), 1, "{all}");
        assert_eq!(ending, Ending::Closed, "{bytes:?}");
    }
}

#[test]
fn a_request_after_a_malformed_one_is_judged_by_itself() {
    let origin = ScriptedOrigin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let gate = Running::before(&origin);
    let mut wire = gate.connect(Over::Http);
    for _ in 0..3 {
        wire.send(bare("GET /mine/k?Acl", &[V2]));
        Answer::read(&mut wire, false).assert_refused("InvalidArgument");
        wire.send(bare("GET /mine/k?acl", &[V2]));
        assert_eq!(Answer::read(&mut wire, false).body, "ok");
    }
}
