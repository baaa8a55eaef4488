//! What is written of each request, and what never is.

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, KEY, OBS, TOKEN, V2, V2_QUERY, V4, V4_QUERY, bare, request, trio},
    program::{Program, Settings},
    support::{ScriptedOrigin, Wire, watch},
};
use obsgate::config::AccessLog;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_request_leaves_one_json_object_with_what_was_decided_and_why() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let kms = "x-amz-server-side-encryption: aws:kms";
    let put = request("PUT /mine/k", &[V4, kms, "Content-Length: 4"], "body");
    assert_eq!(gate.ask(Over::Https, put).status(), 200);
    let event = gate.events().remove(0);
    let expected = serde_json::json!({
        "scheme": "https", "http": "1.1", "method": "PUT", "operation": "PutObject", "bucket": "mine",
        "auth": "v4", "signed_in": "header", "encryption_seen": "sse-kms", "encryption_decided": "sse-kms",
        "told_by": "head", "outcome": "allowed", "rule": null, "status": 200, "bytes_in": 4, "bytes_out": 2,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&event[name], value, "{name}: {event}");
    }
    let text = |name: &str| event[name].as_str().unwrap();
    assert!(text("time").ends_with('Z') && text("time").len() == "2024-01-01T00:00:00.000Z".len());
    assert_eq!(text("request_id").len(), 32);
    assert!(text("peer").starts_with("127.0.0.1:"));
    assert!(event["total_ms"].as_f64() >= event["upstream_ms"].as_f64());
    assert_eq!(event.as_object().unwrap().len(), 20, "{event}");
}

#[test]
fn a_request_leaves_one_readable_line_where_text_is_wanted_and_none_where_nothing_is() {
    let origin = ScriptedOrigin::answering(OK);
    for (access_log, lines) in [(AccessLog::Text, 2), (AccessLog::Off, 0)] {
        let gate = Setup {
            access_log,
            ..Setup::before(&origin)
        }
        .start();
        gate.ask(Over::Http, bare("GET /mine/k", &[OBS]));
        let refused = gate.ask(Over::Http, bare("GET /mine/k?Acl", &[OBS]));
        let id = refused.header("x-obs-request-id").unwrap();
        let written = gate.finish();
        assert_eq!(written.len(), lines);
        let Some([allowed, malformed]) = written.first_chunk() else {
            continue;
        };
        assert!(
            allowed.contains(
                " allowed   http GET GetObject bucket=mine auth=v2 encryption=none status=200 in=0 out=2 "
            ),
            "{allowed}"
        );
        assert!(
            malformed.contains(" malformed http GET - bucket=- "),
            "{malformed}"
        );
        assert!(malformed.contains(" rule=malformed.subresource "), "{malformed}");
        assert!(malformed.ends_with(&format!(" id={id}")), "{malformed}");
    }
}

#[test]
fn a_key_in_clear_is_told_of_in_the_readable_line_too_by_its_fingerprint() {
    let gate = Setup {
        access_log: AccessLog::Text,
        ..Setup::before(&ScriptedOrigin::uncalled())
    }
    .start();
    gate.ask(Over::Http, bare("PUT /mine/k", &trio("obs")))
        .assert_refused("InvalidRequest");
    gate.ask(Over::Https, bare("PUT /mine/k?Acl", &trio("obs")))
        .assert_refused("InvalidArgument");
    let lines = gate.finish();
    let told = |line: &str| {
        let (_, rest) = line.split_once(" customer_key_exposed=")?;
        Some(rest.split(' ').next().unwrap().to_owned())
    };
    let fingerprint = told(&lines[0]).unwrap();
    assert!(
        fingerprint.len() == 32 && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{}",
        lines[0]
    );
    assert_eq!(told(&lines[1]), None, "{}", lines[1]);
}

#[test]
fn a_line_is_one_line_whatever_the_request_holds() {
    let origin = ScriptedOrigin::answering(OK);
    for access_log in [AccessLog::Text, AccessLog::Json] {
        let gate = Setup {
            access_log,
            ..Setup::before(&origin)
        }
        .start();
        for line in ["GET /a\"b\\n/k", "GET /mine/%0a%0d", "GET /mine/k?x=%0afake"] {
            gate.ask(Over::Http, bare(line, &["x: a\tb"]));
        }
        assert_eq!(gate.finish().len(), 3);
    }
}

/// Requests with secrets in every place, allowed, refused, malformed and broken.
fn secrets() -> Vec<String> {
    [secrets_in_targets(), secrets_in_headers(), secrets_elsewhere()].concat()
}

fn secrets_in_targets() -> Vec<String> {
    let key = KEY.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let name = "server-side-encryption-customer-key";
    [
        format!("PUT /mine/k?x-obs-{name}={key}&{V2_QUERY}"),
        format!("PUT /mine/k?x-amz-copy-source-{name}={key}&{V2_QUERY}"),
        format!("GET /mine/k?{V4_QUERY}&X-Amz-Security-Token={TOKEN}"),
        format!("GET /mine/k?x-auth-token={TOKEN}"),
        format!("GET /mine/k?Acl&{V2_QUERY}"),
        format!("GET /mine/k%3F{V2_QUERY}"),
        format!("GET /mine%3f{V2_QUERY}/k"),
        format!("GET http://obs.example.com/mine/k?{V4_QUERY}"),
        format!("GET /mine/k?{V4_QUERY} {TOKEN}"),
        format!("GET /mine/k#{TOKEN}"),
        format!("{KEY} /mine/k"),
    ]
    .map(|line| bare(&line, &[] as &[&str]))
    .into()
}

fn secrets_in_headers() -> Vec<String> {
    let token = format!("x-amz-security-token: {TOKEN}");
    let keyed = [trio("obs"), vec![V4.to_owned(), token.clone()]].concat();
    let copied: Vec<_> = trio("obs")
        .iter()
        .map(|line| line.replacen("x-obs-", "x-obs-copy-source-", 1))
        .chain([OBS.to_owned(), "x-obs-copy-source: /b/k".to_owned()])
        .collect();
    let mut requests = vec![
        bare("PUT /mine/k", &keyed),
        bare("GET /mine/k", &keyed),
        bare("PUT /mine/k", &copied),
        bare(&format!("GET /mine/k?{V4_QUERY}"), &[V2, &*token]),
        bare("PUT /mine/k", &[V2, "Transfer-Encoding: chunked"]) + TOKEN + "\r\n",
    ];
    let one = |header: String| bare("PUT /mine/k", &[V2, &*header]);
    requests.extend([
        one(format!("x-obs-server-side-encryption: {KEY}")),
        one(format!("x_amz_server_side_encryption_customer_key: {KEY}")),
        one(format!("x-goog-server-side-encryption-customer-key: {KEY}")),
        one(format!("X-Auth-Token: {TOKEN}")),
        one(format!("X-Storage-Token: {TOKEN}")),
        one(format!("Connection: {TOKEN}")),
        one(format!("Host: {TOKEN}")),
        one(format!("Transfer-Encoding: {TOKEN}")),
        one(format!("bad header: {TOKEN}")),
        one(format!("X-Forwarded-Proto: {TOKEN}")),
    ]);
    requests
}

/// In forms, whole and cut off, and where no request is.
fn secrets_elsewhere() -> Vec<String> {
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let form = [
        field("key", "k"),
        field("policy", "c2lnbmF0dXJlLW9mLXYyLQ-is-a-policy"),
        field("token", TOKEN),
        field("signature", "c2lnbmF0dXJlLW9mLXYyLQ=="),
        field("x-obs-server-side-encryption-customer-key", KEY),
        field("file", "file"),
        "--b--\r\n".to_owned(),
    ]
    .concat();
    let post = |length: usize| {
        let length = format!("Content-Length: {length}");
        let form_type = "Content-Type: multipart/form-data; boundary=b";
        request("POST /mine", &[form_type, &*length], &form)
    };
    vec![
        post(form.len()),
        post(400),
        format!("PUT /mine/k?{V2_QUERY} HTTP/9.9\r\n\r\n"),
        format!("{TOKEN}\r\n\r\n"),
    ]
}

#[test]
fn no_secret_of_the_traffic_is_printed_whatever_rust_log_says() {
    let origin = ScriptedOrigin::answering(OK);
    for rust_log in [
        "trace",
        "hyper=trace,rustls=trace,obsgate=trace,h2=trace,tokio_rustls=trace",
        "trace,hyper::proto=trace,hyper::proto::h1::io=trace,rustls::server=trace,rustls::conn=debug",
    ] {
        for access_log in ["json", "text"] {
            let mut program = Program::start(&Settings {
                rust_log: &format!("{rust_log},obsgate::cli=info"),
                access_log,
                ..Settings::before(origin.address())
            });
            for over in [Over::Http, Over::Https] {
                for request in secrets() {
                    let mut wire = program.connect(over);
                    wire.send(request.replacen("\r\n", "\r\nConnection: close\r\n", 1));
                    let answer = wire.read_to_end();
                    assert_eq!(watch::find(&answer), None, "{answer}");
                }
            }
            // In clear to the port for TLS, and another protocol.
            for (over, bytes) in [
                (Over::Https, bare("GET /mine/k", &[V2])),
                (Over::Http, format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{TOKEN}")),
            ] {
                let mut wire = Wire::connect(program.address(over));
                wire.send(bytes);
                wire.read_to_end();
            }
            program.wait_for("PutObject");
            program.signal("TERM");
            let (code, printed) = program.wait();
            assert_eq!(code, Some(0));
            assert!(
                printed.contains("malformed") && printed.contains("refused"),
                "{printed}"
            );
            for library in ["hyper", "rustls", "tokio_rustls", "h2"] {
                for level in ["TRACE", "DEBUG"] {
                    assert!(
                        !printed.contains(&format!(" {level} {library}")),
                        "{rust_log}: {printed}"
                    );
                }
            }
        }
    }
}

#[test]
fn nor_is_one_in_what_the_gate_logs_of_a_broken_exchange() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send(format!("HTTP/1.1 200 OK\r\nx {TOKEN}\r\n\r\n"));
        wire.close();
    });
    let program = Program::start(&Settings {
        rust_log: "trace",
        ..Settings::before(origin.address())
    });
    let mut wire = program.connect(Over::Https);
    wire.send(bare("GET /mine/k", &[V4]));
    assert_eq!(Answer::read(&mut wire, false).status(), 503);
    program.signal("TERM");
    assert_eq!(program.wait().0, Some(0));
}
