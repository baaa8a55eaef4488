//! Rows of methods, bodies, and the headers about the connection.

use crate::{
    message::V4,
    row::{Expected, Table, as_it_came, ask, get, put, with_body},
};

const METHOD: (u16, &str) = (405, "malformed.method");
const BODY: (u16, &str) = (400, "malformed.body");
const CONNECTION: (u16, &str) = (400, "malformed.connection");

pub(crate) fn rows(t: &mut Table) {
    methods(t);
    bodies(t);
    connection(t);
    forwarded(t);
    expectations(t);
    pipelines(t);
}

fn methods(t: &mut Table) {
    t.refused(
        "methods",
        "methods are case-sensitive, and the API has six; RFC 9110 §9.1",
        METHOD,
        [
            ask("get /mine/k", ""),
            ask("Put /mine/k", ""),
            ask("FOO!BAR /mine/k", ""),
            ask("TRACE /mine/k", ""),
            ask("TRACK /mine/k", ""),
            ask("CONNECT obs.example.com:443", ""),
            ask("CONNECT /mine/k", ""),
            ask("PATCH /mine/k", ""),
            ask("PROPFIND /mine/k", ""),
            ask("LINK /mine/k", ""),
            ask("PRI /mine/k", ""),
            ask("GETGET /mine/k", ""),
        ],
    );
    t.refused(
        "method-override",
        "some read another method from a header; rulings, 1",
        (400, "malformed.method-override"),
        [
            get("X-HTTP-Method-Override: PUT"),
            get("X-HTTP-Method: DELETE"),
            get("X-Method-Override: PUT"),
            ask("POST /mine/k?uploads", "x-http-method-override: GET"),
        ],
    );
}

fn bodies(t: &mut Table) {
    let chunks = "3\r\nabc\r\n0\r\n\r\n";
    let chunked = "Transfer-Encoding: chunked";
    t.refused(
        "body-less",
        "a body that the store may take for the next request; rulings, 6",
        BODY,
        [
            with_body("GET /mine/k", "Content-Length: 3", "abc"),
            with_body("HEAD /mine/k", "Content-Length: 3", "abc"),
            with_body("DELETE /mine/k", "Content-Length: 3", "abc"),
            with_body("OPTIONS /mine/k", "Content-Length: 3", "abc"),
            with_body("GET /mine/k", chunked, chunks),
            with_body("HEAD /mine/k", chunked, chunks),
            with_body("DELETE /mine/k", chunked, chunks),
            with_body("OPTIONS /mine/k", chunked, chunks),
            with_body("GET /mine/k", chunked, "0\r\n\r\n"),
            with_body(
                "GET /mine/k",
                "Content-Length: 40",
                "GET /mine/smuggled HTTP/1.1\r\nHost: h\r\n\r\n",
            ),
            b"GET /mine/k HTTP/1.0\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc".to_vec(),
        ],
    );
    t.passes(
        "body-less",
        "a length of nothing is no body; SDKs send it",
        [
            get("Content-Length: 0"),
            ask("DELETE /mine/k", "Content-Length: 0"),
        ],
    );
    t.cut(
        "chunk-unended",
        "RFC 9112 §8: a message without its end is none",
        [
            with_body("PUT /mine/k", "Content-Length: 10", "abc"),
            with_body("PUT /mine/k", "Content-Length: 1", ""),
            with_body("PUT /mine/k", chunked, "3\r\nabc\r\n0\r\n"),
            with_body("PUT /mine/k", chunked, "3\r\nabc\r\n0\r\nx-sum: 1\r\n"),
            with_body("PUT /mine/k", chunked, "3\r\nabc"),
            b"PUT /mine/k HTTP/1.1\r\nHost: obs.example.com\r\n".to_vec(),
            b"PUT /mine/k HTTP/1.1\r\nHost: obs.example.com\r\n\r".to_vec(),
            b"PUT /mine/k HT".to_vec(),
            b"P".to_vec(),
        ],
    );
}

fn connection(t: &mut Table) {
    t.refused(
        "connection-nominates",
        "whoever obeys it would drop what the policy rests on; rulings, 28",
        CONNECTION,
        [
            put("Connection: x-obs-server-side-encryption\nx-obs-server-side-encryption: AES256"),
            put("Connection: close, x-amz-server-side-encryption"),
            put("Connection: keep-alive\nConnection: authorization"),
        ],
    );
    t.refused(
        "hop-by-hop",
        "Connection names nothing but what is about the connection; rulings, 28",
        CONNECTION,
        [
            get("Connection: host"),
            get("Connection: content-length"),
            get("Connection: transfer-encoding"),
            get("Connection: close, date"),
            get("Connection: x-amz-date"),
            get("Connection: cookie"),
            get("Connection: close;x"),
            get("Connection: \"close\""),
            get("Connection: close x-obs-acl"),
            get("Connection: x"),
        ],
    );
    for headers in [
        "Connection: keep-alive\nKeep-Alive: timeout=5, max=100",
        "Connection: Keep-Alive, TE\nTE: trailers",
        "Connection: trailer",
        "Proxy-Connection: keep-alive\nConnection: proxy-connection",
        "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=",
        "TE: gzip",
        "Connection: ,keep-alive,,",
        "Connection: KEEP-ALIVE",
    ] {
        t.becomes(
            "hop-by-hop",
            "RFC 9110 §7.6.1: what is about the hop goes no further",
            get(headers),
            as_it_came(&get("")),
        );
    }
    for headers in [
        "Upgrade: h2c\nHTTP2-Settings: AAMAAABkAAQAAP__\nConnection: Upgrade, HTTP2-Settings",
        "Upgrade: websocket\nConnection: upgrade",
        "Upgrade: TLS/1.0, HTTP/2.0",
    ] {
        t.becomes(
            "upgrade",
            "an offer that is never taken; rulings, 28",
            get(headers),
            as_it_came(&get("")),
        );
    }
}

fn forwarded(t: &mut Table) {
    for headers in [
        "Forwarded: for=1.2.3.4;proto=https",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Proto: http\nX-Forwarded-Proto: https",
        "X-Forwarded-Ssl: on",
        "X-Forwarded-Scheme: https",
        "Front-End-Https: on",
        "x-forwarded-PROTO: https\nfront-end-https: ON",
    ] {
        t.becomes(
            "forwarded",
            "a client does not say how it came; rulings, 29",
            put(headers),
            as_it_came(&put("")),
        );
        let keyed = format!("{headers}\nx-obs-server-side-encryption: kms");
        t.refused(
            "forwarded",
            "and is not believed; rulings, 29",
            (400, "strict.sse-kms.put-object"),
            [put(&keyed)],
        );
    }
    let signed = |name: &str| V4.replace("SignedHeaders=host", &format!("SignedHeaders={name};host"));
    t.refused(
        "forwarded",
        "what is signed cannot be dropped; rulings, 29",
        (400, "malformed.signed-forwarded"),
        [
            get(&format!("{}\nForwarded: proto=https", signed("forwarded"))),
            get(&format!(
                "{}\nX-Forwarded-Proto: https",
                signed("x-forwarded-proto")
            )),
        ],
    );
    t.refused(
        "underscores",
        "some take an underscore for a dash; rulings, 11",
        (400, "malformed.header-name"),
        [
            get("X_Forwarded_Proto: https"),
            get("x_http_method_override: PUT"),
            get("X-Forwarded_Proto: https"),
            get("x_amz_date: 20240101T000000Z"),
            put("x_amz_copy_source: /a/b"),
            put("Content_Type: multipart/form-data"),
        ],
    );
    t.passes(
        "underscores",
        "a name that means nothing to the policy either way; rulings, 11",
        [
            get("x_anything: 1"),
            put("x-amz-meta-a_b: 1"),
            put("x_obs_acl: public-read"),
        ],
    );
}

fn expectations(t: &mut Table) {
    let kms = "x-obs-server-side-encryption: kms";
    t.refused(
        "expect-refused",
        "RFC 9110 §10.1.1: refused at once, without a 100",
        (400, "strict.sse-kms.put-object"),
        [
            put(&format!("Expect: 100-continue\nContent-Length: 100\n{kms}")),
            put(&format!(
                "Expect: 100-continue\nTransfer-Encoding: chunked\n{kms}"
            )),
        ],
    );
    t.refused(
        "expect-refused",
        "RFC 9110 §10.1.1: refused at once, without a 100",
        BODY,
        [get("Expect: 100-continue\nContent-Length: 100")],
    );
}

fn pipelines(t: &mut Table) {
    let seen = |all: &[&[u8]]| Expected::seen(all.iter().map(|one| as_it_came(one)).collect());
    let (a, b) = (get("x: 1"), with_body("PUT /mine/k", "Content-Length: 3", "abc"));
    let chunked = with_body(
        "PUT /mine/c",
        "Transfer-Encoding: chunked",
        "1;x=y\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
    );
    let reason = "RFC 9112 §9.3.2: served in their order, each by itself";
    let all = [&a[..], &b, &chunked, &a];
    t.add("pipelines", reason, &all.concat(), seen(&all));
    let many = vec![&b[..]; 50];
    t.add("pipelines", reason, &many.concat(), seen(&many));
}
