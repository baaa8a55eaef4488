//! What goes over HTTP/2 and must stand in nothing that the program prints, whatever it is told to log.

use crate::{
    frames::block,
    message::{KEY, OBS_QUERY, TOKEN, V2_QUERY, V4, V4_QUERY, trio},
    peer::{Peer, fields, headers},
    program::{Program, Settings},
    support::ScriptedOrigin,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn no_secret_of_the_traffic_is_printed_though_its_path_is_malformed() {
    let origin = ScriptedOrigin::answering(OK);
    let program = Program::start(&Settings {
        rust_log: "trace",
        ..Settings::before(origin.address())
    });
    let connect = || Peer::over(program.address(crate::harness::Over::Https), program.trust());
    let mut keyed = trio("amz");
    keyed.extend([V4.to_owned(), format!("x-amz-security-token: {TOKEN}")]);
    let mut peer = connect();
    assert_eq!(peer.ask("PUT /mine/k", &keyed).status(), 200);
    for query in [V2_QUERY, OBS_QUERY, V4_QUERY] {
        assert_eq!(peer.ask(&format!("GET /mine/k?{query}"), &[""; 0]).status(), 200);
    }
    // What the gate refuses, what `h2` resets, and what ends the connection: in the path, and beside it.
    let paths = [
        format!("/mine/k?{V4_QUERY}&x-amz-security-token={TOKEN}&%0d%0a=1"),
        format!("/mine/\u{e4}?{V2_QUERY}"),
        format!("/mine/a b?{V4_QUERY}&k={KEY}"),
        format!("/mine/<?{V2_QUERY}"),
        format!("?{OBS_QUERY}"),
        format!("/mine/\u{0}?{V4_QUERY}"),
    ];
    for path in paths {
        let mut peer = connect();
        let mut head = fields("GET /", &keyed);
        head[3].1 = path;
        let stream = peer.begin(&head, true);
        assert_ne!(peer.answer(stream).status(), 200);
    }
    let broken = [
        (":authority", format!("obs.example.com?{V4_QUERY}")),
        (":scheme", format!("https {TOKEN}")),
        (":method", format!("GET {TOKEN}")),
        ("x-bad\r\n", KEY.to_owned()),
        ("x-bad", format!("a\r\n{KEY}")),
    ];
    for (name, value) in broken {
        let mut peer = connect();
        let mut head = fields("GET /mine/k", &keyed);
        head.retain(|(one, _)| one != name);
        head.insert(usize::from(name.starts_with('x')) * 4, (name.to_owned(), value));
        let stream = peer.number();
        peer.send_bytes(headers(stream, &block(&head), true));
        peer.until_reset(stream);
    }
    drop(peer);
    // Dropping the program fails the test if a secret was printed.
    program.signal("TERM");
    let (code, printed) = program.wait();
    assert_eq!(code, Some(0));
    assert!(printed.contains("\"http\":\"2\""), "{printed}");
}
