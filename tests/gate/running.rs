//! `obsgate run` from its start to its end: signals, ports, the operator's socket, exit codes.

use crate::{
    harness::Over,
    message::{Answer, V2, V4, bare, request},
    program::{Program, Settings, run_to_end},
    support::{Ending, ScriptedOrigin},
};
use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

/// Waits until nobody takes connections there any more.
fn wait_until_refused(address: SocketAddr) {
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(address)
        .err()
        .is_none_or(|error| error.kind() != ErrorKind::ConnectionRefused)
    {
        assert!(Instant::now() < until, "connections are still taken");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_signal_lets_a_download_finish_and_takes_nothing_new() {
    for (signal, over) in [("TERM", Over::Http), ("INT", Over::Https)] {
        let (go_on, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let origin = ScriptedOrigin::start(move |_, mut wire| {
            wire.read_head();
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
            wait.lock()
                .unwrap()
                .recv_timeout(Duration::from_secs(20))
                .unwrap();
            wire.send("rest");
        });
        let program = Program::start(&Settings::before(origin.address()));
        let mut idle = program.connect(over);
        let mut wire = program.connect(over);
        wire.send(bare("GET /mine/k", &[V2]));
        wire.read_until("half");
        assert_eq!(program.operator("/readyz").0, 200);
        program.signal(signal);
        wait_until_refused(program.address(Over::Http));
        wait_until_refused(program.address(Over::Https));
        assert_eq!(idle.read_to_ending(), (String::new(), Ending::Closed));
        assert_eq!(program.operator("/readyz"), (503, "stopping\n".to_owned()));
        assert_eq!(program.operator("/healthz"), (200, "ok\n".to_owned()));
        go_on.send(()).unwrap();
        assert_eq!(wire.read_to_ending(), ("rest".to_owned(), Ending::Closed));
        let (code, printed) = program.wait();
        assert_eq!(code, Some(0), "{printed}");
        let line = printed.lines().find(|line| line.starts_with('{')).unwrap();
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&event["outcome"], &event["bytes_out"]),
            (&"allowed".into(), &8.into())
        );
    }
}

#[test]
fn a_signal_lets_an_upload_finish() {
    let origin = ScriptedOrigin::answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkept");
    let program = Program::start(&Settings::before(origin.address()));
    let mut wire = program.connect(Over::Http);
    wire.send(request(
        "PUT /mine/k",
        &[V4, "Expect: 100-continue", "Content-Length: 8"],
        "",
    ));
    // The origin waits for a body: it comes when the gate's patience for a 100 is over.
    assert!(wire.read_head().starts_with("HTTP/1.1 100 "));
    wire.send("half");
    program.signal("TERM");
    wait_until_refused(program.address(Over::Http));
    wire.send("rest");
    assert_eq!(Answer::read(&mut wire, false).body, "kept");
    assert!(origin.seen(0).ends_with("\r\n\r\nhalfrest"));
    assert_eq!(program.wait().0, Some(0));
}

#[test]
fn a_gate_with_nothing_in_flight_ends_at_once() {
    let origin = ScriptedOrigin::uncalled();
    let program = Program::start(&Settings::before(origin.address()));
    let mut idle = program.connect(Over::Https);
    program.signal("TERM");
    let (code, printed) = program.wait();
    assert_eq!(code, Some(0), "{printed}");
    assert_eq!(idle.read_to_end(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn its_memory_is_never_written_to_a_file() {
    let origin = ScriptedOrigin::uncalled();
    let program = Program::start(&Settings::before(origin.address()));
    let limits = program.process("limits");
    let line = limits.lines().find(|line| line.starts_with("Max core file size"));
    let words: Vec<_> = line.unwrap().split_whitespace().collect();
    assert_eq!(words.get(4..6), Some(&["0", "0"][..]), "{limits}");
}

#[test]
fn a_port_in_use_is_a_clear_error_at_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for (listener, admin) in [(address.port(), 0), (0, address.port())] {
        let output = run_to_end(&format!(
            "listener = [{{ address = \"127.0.0.1:{listener}\", scheme = \"http\" }}]\n\
             admin = {{ address = \"127.0.0.1:{admin}\" }}\n\
             upstream = {{ url = \"http://127.0.0.1:1\", danger_plaintext_upstream = true }}\n"
        ));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(69), "{said}");
        let expected =
            format!("`{address}` is already in use: stop what listens there, or choose another port");
        assert!(said.lines().any(|line| line == expected), "{said}");
    }
}

#[test]
fn a_port_of_another_gate_is_in_use_too() {
    let origin = ScriptedOrigin::uncalled();
    let program = Program::start(&Settings::before(origin.address()));
    let address = program.address(Over::Http);
    let output = run_to_end(&format!(
        "listener = [{{ address = \"{address}\", scheme = \"http\" }}]\n\
         upstream = {{ url = \"http://127.0.0.1:1\", danger_plaintext_upstream = true }}\n"
    ));
    assert_eq!(output.status.code(), Some(69));
}

#[test]
fn mistaken_settings_are_all_named_before_anything_starts() {
    let output = run_to_end("[policy]\nprofile = \"lax\"\nmode = \"off\"\n");
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    for mistake in ["`lax`", "`off`", "listener", "upstream"] {
        assert!(said.contains(mistake), "{mistake}: {said}");
    }
}

#[test]
fn the_operator_reads_health_readiness_and_counters() {
    let origin = ScriptedOrigin::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let program = Program::start(&Settings::before(origin.address()));
    let kms = "x-amz-server-side-encryption: aws:kms";
    for (request, status) in [
        (bare("GET /mine/k", &[V2]), 200),
        (bare("PUT /mine/k", &[V4, kms]), 400),
        (bare("GET /mine/k?Acl", &[V4]), 400),
    ] {
        let mut wire = program.connect(Over::Http);
        wire.send(request);
        assert_eq!(Answer::read(&mut wire, false).status(), status);
    }
    assert_eq!(program.operator("/healthz"), (200, "ok\n".to_owned()));
    assert_eq!(program.operator("/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(program.operator("/elsewhere").0, 404);
    // An answer is counted when it has ended, which its reader may see first.
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let (status, text) = program.operator("/metrics");
        assert_eq!(status, 200);
        let all = [
            "obsgate_requests_total{outcome=\"allowed\"} 1\n",
            "obsgate_requests_total{outcome=\"refused\"} 1\n",
            "obsgate_requests_total{outcome=\"malformed\"} 1\n",
            "obsgate_rule_hits_total{rule=\"malformed.subresource\"} 1\n",
            "obsgate_panics_total 0\n",
        ];
        if all.iter().all(|line| text.contains(line)) {
            break;
        }
        assert!(Instant::now() < until, "{text}");
        thread::sleep(Duration::from_millis(5));
    }
}
