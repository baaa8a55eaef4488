//! A store that is down, silent, wrong or somebody else: 503 `ServiceUnavailable`, which SDKs try again.

use crate::{
    harness::{Certified, Over, Running, Setup},
    message::{Answer, OBS, V2, V4, bare, request},
    support::{ScriptedOrigin, Wire},
};
use obsgate::config::Upstream;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::{
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

fn assert_unavailable(answer: &Answer, rule: &str) {
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert_eq!(answer.element("Code"), "ServiceUnavailable");
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    assert_eq!(answer.rule(), rule);
    answer.assert_echoes_nothing();
}

fn impatient(address: SocketAddr) -> Setup {
    let mut upstream = Upstream::danger_plaintext(address.ip().to_string(), address.port());
    upstream.connect_timeout = Duration::from_millis(300);
    upstream.response_head_timeout = Duration::from_millis(300);
    upstream.slow_response_head_timeout = Duration::from_mins(1);
    Setup::over(upstream)
}

#[test]
fn a_store_that_takes_no_connection_is_unavailable_in_the_callers_dialect() {
    // Bound and not listening: nobody else can have the port, and nobody answers on it.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket
        .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
        .unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let gate = Setup::to(address).start();
    for (signature, dialect) in [(OBS, "obs"), (V4, "amz")] {
        let answer = gate.ask(Over::Http, bare("GET /mine/k", &[signature]));
        assert_unavailable(&answer, "upstream.connect");
        assert!(answer.header(&format!("x-{dialect}-request-id")).is_some());
    }
    let mut wire = gate.connect(Over::Http);
    wire.send(bare("HEAD /mine/k", &[OBS]));
    let answer = Answer::read(&mut wire, true);
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.header("x-obs-error-code"), Some("ServiceUnavailable"));
    for event in gate.events() {
        assert_eq!(
            (&event["outcome"], &event["status"]),
            (&"failed".into(), &503.into())
        );
    }
}

#[test]
fn a_store_whose_name_leads_nowhere_is_unavailable() {
    let gate = Setup::over(Upstream::danger_plaintext("nowhere.invalid", 80)).start();
    let answer = gate.ask(Over::Http, bare("GET /mine/k", &[V2]));
    // A resolver that nobody answers is as silent as a store.
    let late = answer.rule() == "upstream.connect-timeout";
    assert_unavailable(
        &answer,
        if late {
            "upstream.connect-timeout"
        } else {
            "upstream.resolve"
        },
    );
}

#[test]
fn a_store_that_closes_before_it_answers_is_unavailable() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.close();
    });
    let gate = Running::before(&origin);
    assert_unavailable(
        &gate.ask(Over::Http, bare("GET /mine/k", &[V2])),
        "upstream.closed",
    );
    let put = request("PUT /mine/k", &[V2, "Content-Length: 4"], "body");
    assert_unavailable(&gate.ask(Over::Https, put), "upstream.closed");
}

#[test]
fn a_store_that_does_not_answer_in_time_is_unavailable() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        assert_eq!(wire.read_to_end(), "");
    });
    let gate = impatient(origin.address()).start();
    let answer = gate.ask(Over::Http, bare("GET /mine/k", &[V2]));
    assert_unavailable(&answer, "upstream.response-head-timeout");
}

#[test]
fn copies_and_completions_may_take_their_time() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        assert!(wire.is_silent_for(Duration::from_secs(1)));
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
    });
    let gate = impatient(origin.address()).start();
    for request in [
        bare("PUT /mine/k", &[V2, "x-obs-copy-source: /other/k"]),
        bare("POST /mine/k?uploadId=u", &[V2]),
    ] {
        assert_eq!(gate.ask(Over::Http, request).body, "done");
    }
}

#[test]
fn a_store_that_speaks_no_http_is_unavailable() {
    for nonsense in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
    ] {
        let origin = ScriptedOrigin::answering(nonsense);
        let gate = Running::before(&origin);
        let answer = gate.ask(Over::Http, bare("GET /mine/k", &[V2]));
        assert_unavailable(&answer, "upstream.bad-response");
    }
}

#[test]
fn a_connection_that_went_stale_costs_no_request() {
    let origin = ScriptedOrigin::start(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        wire.close();
    });
    let gate = Running::before(&origin);
    for _ in 0..20 {
        assert_eq!(gate.ask(Over::Http, bare("GET /mine/k", &[V2])).body, "ok");
    }
}

/// A store over TLS that answers every request.
fn over_tls(certified: Certified) -> ScriptedOrigin {
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certified.chain, certified.key)
        .unwrap();
    let config = Arc::new(config);
    let open = move |mut tcp: TcpStream| {
        let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut tcp).ok()?;
        }
        Some(Wire::over(
            tcp.try_clone().unwrap(),
            Box::new(StreamOwned::new(session, tcp)),
        ))
    };
    ScriptedOrigin::start_over(open, |_, mut wire| {
        while wire.read_next_head().is_some() {
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    })
}

fn secured(origin: &ScriptedOrigin, host: &str, ca: Option<&Certified>) -> Setup {
    let mut upstream = Upstream::https(host, origin.address().port());
    upstream.ca = ca.map(|ca| ca.chain.clone());
    Setup::over(upstream)
}

#[test]
fn a_store_over_tls_is_believed_by_its_authority_and_nobody_elses() {
    let (certified, stranger) = (Certified::make(), Certified::make());
    let trusted = Certified {
        chain: certified.chain.clone(),
        ..Certified::make()
    };
    let origin = over_tls(certified);
    let request = bare("GET /mine/k", &[V4]);
    let gate = secured(&origin, "127.0.0.1", Some(&trusted)).start();
    assert_eq!(gate.ask(Over::Http, &request).body, "ok");
    for ca in [Some(&stranger), None] {
        let gate = secured(&origin, "127.0.0.1", ca).start();
        assert_unavailable(&gate.ask(Over::Http, &request), "upstream.tls");
    }
    // Nothing of a request reaches whoever cannot show who they are.
    assert_eq!(origin.connections(), 3);
    assert_eq!(origin.seen(1) + &origin.seen(2), "");
}

#[test]
fn a_store_over_tls_has_to_carry_the_name_it_was_called_by() {
    let certified = Certified::make();
    let trusted = Certified {
        chain: certified.chain.clone(),
        ..Certified::make()
    };
    let origin = over_tls(certified);
    // Resolves to the same address, and is not in the certificate.
    let gate = secured(&origin, "localhost", Some(&trusted)).start();
    let answer = gate.ask(Over::Http, bare("GET /mine/k", &[V4]));
    assert_unavailable(&answer, "upstream.tls");
}

#[test]
fn a_store_that_begins_no_handshake_is_unavailable() {
    let silent = ScriptedOrigin::start(|_, mut wire| {
        wire.read_to_end();
    });
    let trusted = Certified::make();
    let mut setup = secured(&silent, "127.0.0.1", Some(&trusted));
    setup.upstream.connect_timeout = Duration::from_millis(300);
    let gate = setup.start();
    let answer = gate.ask(Over::Http, bare("GET /mine/k", &[V4]));
    assert_unavailable(&answer, "upstream.connect-timeout");
}
