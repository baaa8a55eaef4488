//! The same over TLS.

use crate::{
    front::{Front, Setup},
    support::{ScriptedOrigin, Wire},
};
use obsgate::proxy::upstream::{Origin, Timeouts};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned, pki_types::ServerName,
};
use std::{
    net::TcpStream,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

const NAME: &str = "obs.example.com";
const GET: &str = "GET /k HTTP/1.1\r\nHost: h\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// An origin over TLS, and what a client needs to trust it. Every name asked for is told.
fn origin(
    script: impl Fn(usize, Wire) + Send + Sync + 'static,
) -> (ScriptedOrigin, Arc<ClientConfig>, mpsc::Receiver<Option<String>>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([NAME.to_owned()]).unwrap();
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], signing_key.into())
        .unwrap();
    let server = Arc::new(server);
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (tell, told) = mpsc::channel();
    let open = move |mut tcp: TcpStream| {
        let mut session = ServerConnection::new(Arc::clone(&server)).unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut tcp).ok()?;
        }
        tell.send(session.server_name().map(str::to_owned)).unwrap();
        Some(Wire::over(
            tcp.try_clone().unwrap(),
            Box::new(StreamOwned::new(session, tcp)),
        ))
    };
    (ScriptedOrigin::start_over(open, script), Arc::new(client), told)
}

fn front(origin: &ScriptedOrigin, client: Arc<ClientConfig>) -> Front {
    let setup = Setup::before(origin);
    let tls = Some((client, ServerName::try_from(NAME).unwrap()));
    Front::start(Setup {
        origin: Origin { tls, ..setup.origin },
        ..setup
    })
}

#[test]
fn a_connection_asks_for_the_name_of_the_url_and_serves_again_tickets_or_not() {
    let (origin, client, names) = origin(|_, mut wire| {
        for _ in 0..3 {
            wire.read_head();
            wire.send(OK);
        }
        wire.read_until("body");
        wire.send(OK);
    });
    let front = front(&origin, client);
    let mut client = Wire::connect(front.address);
    for _ in 0..3 {
        client.send(GET);
        client.read_until("ok");
        std::thread::sleep(Duration::from_millis(20));
    }
    client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    client.read_until("ok");
    assert_eq!(origin.connections(), 1);
    assert_eq!(names.recv().unwrap().as_deref(), Some(NAME));
}

#[test]
fn large_bodies_pass_both_ways() {
    const SIZE: usize = 8 << 20;
    let (origin, client, _names) = origin(|_, mut wire| {
        wire.read_head();
        let body = wire.read_exactly(SIZE);
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"));
        wire.send(body);
    });
    let front = front(&origin, client);
    let mut client = Wire::connect(front.address);
    let body: Vec<u8> = (0..SIZE).map(|n| u8::try_from(n % 251).unwrap()).collect();
    client.send(format!(
        "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: {SIZE}\r\n\r\n"
    ));
    client.send(&body);
    client.read_head();
    assert!(client.read_exactly(SIZE) == body);
}

#[test]
fn an_answer_cut_short_without_a_goodbye_is_not_complete() {
    let (origin, client, _names) = origin(|_, mut wire| {
        wire.read_head();
        wire.send("HTTP/1.1 200 OK\r\n\r\nhello");
        wire.close();
    });
    let front = front(&origin, client);
    let mut client = Wire::connect(front.address);
    client.send(GET);
    let answer = client.read_to_end();
    assert!(answer.contains("hello"), "{answer}");
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
}

#[test]
fn a_connection_closed_meanwhile_costs_nothing() {
    let (closed, wait) = mpsc::channel();
    let (origin, client, _names) = origin(move |_, mut wire| {
        wire.read_until("body");
        wire.send(OK);
        wire.close();
        closed.send(()).unwrap();
    });
    let front = front(&origin, client);
    let mut client = Wire::connect(front.address);
    for _ in 0..3 {
        client.send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
        client.read_until("ok");
        wait.recv().unwrap();
    }
    assert_eq!(origin.connections(), 3);
}

#[test]
fn a_certificate_nobody_vouches_for_ends_the_connection() {
    let (origin, _, _names) = origin(|_, _| {});
    let (_, stranger, _) = self::origin(|_, _| {});
    let front = front(&origin, stranger);
    let mut client = Wire::connect(front.address);
    client.send("GET /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert!(client.read_to_end().ends_with("upstream.tls"));
}

#[test]
fn a_handshake_that_takes_too_long_is_a_connection_that_did() {
    let silent = ScriptedOrigin::start(|_, mut wire| {
        wire.read_to_end();
    });
    let (_, client, _) = origin(|_, _| {});
    let setup = Setup::before(&silent);
    let connect = Duration::from_millis(300);
    let origin = Origin {
        tls: Some((client, ServerName::try_from(NAME).unwrap())),
        timeouts: Timeouts {
            connect,
            ..Timeouts::default()
        },
        ..setup.origin
    };
    let front = Front::start(Setup { origin, ..setup });
    let began = Instant::now();
    let mut client = Wire::connect(front.address);
    client.send("GET /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert!(client.read_to_end().ends_with("upstream.connect-timeout"));
    assert!(began.elapsed() >= connect);
}
