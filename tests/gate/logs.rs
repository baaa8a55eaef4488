//! What is written of each request, and what never is.

use crate::{
    harness::{Over, Running, Setup},
    message::{Answer, KEY, OBS, TOKEN, V2, V2_QUERY, V4, V4_QUERY, bare, request, trio},
    program::{Program, Settings},
    support::ScriptedOrigin,
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
fn secrets() -> Vec<(Over, String)> {
    let key = KEY.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let token = format!("x-amz-security-token: {TOKEN}");
    let keyed = [trio("obs"), vec![V4.to_owned(), token.clone()]].concat();
    let none = &[] as &[&str];
    let in_query = format!("PUT /mine/k?x-obs-server-side-encryption-customer-key={key}&{V2_QUERY}");
    let mut requests = Vec::new();
    for over in [Over::Http, Over::Https] {
        requests.extend([
            (over, bare("PUT /mine/k", &keyed)),
            (over, bare("GET /mine/k", &keyed)),
            (over, bare(&in_query, none)),
            (
                over,
                bare(
                    &format!("GET /mine/k?{V4_QUERY}&X-Amz-Security-Token={TOKEN}"),
                    none,
                ),
            ),
            (over, bare(&format!("GET /mine/k?{V4_QUERY}"), &[V2, &*token])),
            (
                over,
                bare(
                    "PUT /mine/k",
                    &[OBS, &*format!("x-obs-server-side-encryption: {KEY}")],
                ),
            ),
            (over, bare("PUT /mine/k", &[V2, &*format!("Connection: {TOKEN}")])),
            (over, bare("PUT /mine/k", &[V2, &*format!("Host: {TOKEN}")])),
            (
                over,
                bare("PUT /mine/k", &[V2, &*format!("Transfer-Encoding: {TOKEN}")]),
            ),
            (
                over,
                bare("PUT /mine/k", &[V2, "Transfer-Encoding: chunked"]) + TOKEN + "\r\n",
            ),
            (
                over,
                format!("GET /mine/k?{V2_QUERY} HTTP/1.1\r\nbad header: {TOKEN}\r\n\r\n"),
            ),
            (over, format!("PUT /mine/k?{V2_QUERY} HTTP/9.9\r\n\r\n")),
        ]);
    }
    requests
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
            for (over, request) in secrets() {
                let mut wire = program.connect(over);
                wire.send(request.replacen("\r\n", "\r\nConnection: close\r\n", 1));
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
