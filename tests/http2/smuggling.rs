//! What would be another request, or another header, once it is written as HTTP/1.1: none of it gets there.

use crate::{
    frames::{Code, block},
    harness::Running,
    message::V4,
    peer::{Peer, headers},
    support::ScriptedOrigin,
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What has to become of a stream.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Answered by the gate, with this rule.
    Refused(&'static str),
    /// Reset as malformed (RFC 9113 §8.1.1).
    Reset,
    /// The whole connection is ended: the block cannot be decoded, or the peer is not one to go on with.
    Ended,
}

use Fate::{Ended, Refused, Reset};

/// The fields that matter; those of an ordinary request stand in for the pseudo-headers that are not named.
type Case = (&'static str, &'static [(&'static [u8], &'static [u8])], Fate);

const CASES: &[Case] = &[
    // The target.
    ("a space in the path", &[(b":path", b"/mine/a b")], Reset),
    (
        "a request line in the path",
        &[(b":path", b"/mine/a HTTP/1.1\r\nHost: other\r\n\r\nGET /x")],
        Reset,
    ),
    ("CR in the path", &[(b":path", b"/mine/a\rb")], Reset),
    ("LF in the path", &[(b":path", b"/mine/a\nb")], Reset),
    ("NUL in the path", &[(b":path", b"/mine/a\0b")], Reset),
    ("TAB in the path", &[(b":path", b"/mine/a\tb")], Reset),
    ("DEL in the path", &[(b":path", b"/mine/a\x7fb")], Reset),
    ("a space in the query", &[(b":path", b"/mine/a?b c")], Reset),
    ("CR LF in the query", &[(b":path", b"/mine/a?b\r\nx: y")], Reset),
    (
        "raw UTF-8 in the path",
        &[(b":path", b"/mine/\xc3\xa4")],
        Refused("guard.target"),
    ),
    (
        "raw UTF-8 in the query",
        &[(b":path", b"/mine/a?\xc3\xa4")],
        Refused("guard.target"),
    ),
    ("broken UTF-8 in the path", &[(b":path", b"/mine/\xff")], Ended),
    (
        "a backslash in the path",
        &[(b":path", b"/mine\\k")],
        Refused("guard.target"),
    ),
    (
        "a backslash in the query",
        &[(b":path", b"/mine/k?a\\b")],
        Refused("guard.target"),
    ),
    ("< in the path", &[(b":path", b"/mine/<")], Reset),
    ("a quote in the query", &[(b":path", b"/mine/k?\"")], Reset),
    ("a path without a slash", &[(b":path", b"mine/k")], Reset),
    (
        "a whole URI for a path",
        &[(b":path", b"https://obs.example.com/mine/k")],
        Reset,
    ),
    (
        "two slashes and a host for a path",
        &[(b":path", b"//other/mine/k")],
        Refused("malformed.bucket"),
    ),
    (
        "a query for a path",
        &[(b":path", b"?acl")],
        Refused("malformed.target"),
    ),
    (
        "an asterisk for a path",
        &[(b":path", b"*")],
        Refused("malformed.target"),
    ),
    ("an empty path", &[(b":path", b"")], Reset),
    (
        "dots that change the bucket",
        &[(b":path", b"/mine/../other/k")],
        Refused("malformed.path"),
    ),
    (
        "encoded dots that change the bucket",
        &[(b":path", b"/mine/%2e%2e/other/k")],
        Refused("malformed.path"),
    ),
    (
        "an encoded slash in the bucket",
        &[(b":path", b"/mine%2fk")],
        Refused("malformed.bucket"),
    ),
    (
        "an encoded line end in a query name",
        &[(b":path", b"/mine/k?a%0d%0ab=c")],
        Refused("malformed.query-name"),
    ),
    // The method.
    ("a space in the method", &[(b":method", b"GET /x")], Ended),
    ("CR LF in the method", &[(b":method", b"GET\r\n")], Ended),
    ("an empty method", &[(b":method", b"")], Ended),
    ("a colon in the method", &[(b":method", b"G:T")], Ended),
    (
        "a method in lower case",
        &[(b":method", b"get")],
        Refused("malformed.method"),
    ),
    (
        "a method nobody knows",
        &[(b":method", b"MOVE")],
        Refused("malformed.method"),
    ),
    ("TRACE", &[(b":method", b"TRACE")], Refused("malformed.method")),
    (
        "PRI",
        &[(b":method", b"PRI"), (b":path", b"*")],
        Refused("malformed.method"),
    ),
    // Authority and scheme.
    (
        "CR LF in the authority",
        &[(b":authority", b"obs.example.com\r\nx: y")],
        Reset,
    ),
    (
        "a space in the authority",
        &[(b":authority", b"obs.example.com x")],
        Reset,
    ),
    (
        "a path in the authority",
        &[(b":authority", b"obs.example.com/mine")],
        Reset,
    ),
    ("an empty authority", &[(b":authority", b"")], Reset),
    (
        "user and password in the authority",
        &[(b":authority", b"u:p@obs.example.com")],
        Refused("malformed.host"),
    ),
    (
        "a user in the authority",
        &[(b":authority", b"u@obs.example.com")],
        Refused("malformed.host"),
    ),
    (
        "an authority of nobody's",
        &[(b":authority", b"example.org")],
        Refused("malformed.host"),
    ),
    (
        "another authority in host",
        &[(b"host", b"other.obs.example.com")],
        Refused("malformed.authority"),
    ),
    (
        "another port in host",
        &[(b"host", b"obs.example.com:443")],
        Refused("malformed.authority"),
    ),
    ("an empty host", &[(b"host", b"")], Refused("malformed.authority")),
    (
        "two hosts",
        &[(b"host", b"obs.example.com"), (b"host", b"obs.example.com")],
        Refused("malformed.host"),
    ),
    (
        "http for a scheme",
        &[(b":scheme", b"http")],
        Refused("malformed.authority"),
    ),
    (
        "HTTP for a scheme",
        &[(b":scheme", b"HTTP")],
        Refused("malformed.authority"),
    ),
    (
        "http for the scheme of the whole server",
        &[(b":method", b"OPTIONS"), (b":path", b"*"), (b":scheme", b"http")],
        Refused("malformed.authority"),
    ),
    (
        "another authority in host for the whole server",
        &[
            (b":method", b"OPTIONS"),
            (b":path", b"*"),
            (b"host", b"other.obs.example.com"),
        ],
        Refused("malformed.authority"),
    ),
    (
        "a scheme of nobody's",
        &[(b":scheme", b"ftp")],
        Refused("malformed.authority"),
    ),
    ("a scheme that is none", &[(b":scheme", b"ht tps")], Reset),
    // Pseudo-headers.
    (
        "a method twice",
        &[(b":method", b"GET"), (b":method", b"GET")],
        Reset,
    ),
    (
        "a path twice",
        &[(b":path", b"/mine/k"), (b":path", b"/mine/other")],
        Reset,
    ),
    (
        "an authority twice",
        &[
            (b":authority", b"obs.example.com"),
            (b":authority", b"obs.example.com"),
        ],
        Reset,
    ),
    (
        "a pseudo-header behind a header",
        &[(b"x", b"y"), (b":path", b"/mine/k")],
        Reset,
    ),
    ("a pseudo-header nobody knows", &[(b":other", b"x")], Ended),
    ("a status", &[(b":status", b"200")], Reset),
    (
        ":protocol",
        &[(b":method", b"CONNECT"), (b":protocol", b"websocket")],
        Reset,
    ),
    (":protocol on a GET", &[(b":protocol", b"websocket")], Reset),
    ("CONNECT with a path", &[(b":method", b"CONNECT")], Reset),
    // Names.
    ("upper case in a name", &[(b"X-Upper", b"y")], Ended),
    ("a space in a name", &[(b"x y", b"z")], Ended),
    ("a colon in a name", &[(b"x:y", b"z")], Ended),
    ("a colon and a line end in a name", &[(b"x: y\r\nz", b"")], Ended),
    ("NUL in a name", &[(b"x\0", b"y")], Ended),
    ("raw bytes in a name", &[(b"x\xff", b"y")], Ended),
    ("an empty name", &[(b"", b"y")], Ended),
    // Values.
    ("CR LF in a value", &[(b"x", b"y\r\nz: w")], Ended),
    ("CR in a value", &[(b"x", b"y\rz")], Ended),
    ("LF in a value", &[(b"x", b"y\nz: w")], Ended),
    ("NUL in a value", &[(b"x", b"y\0z")], Ended),
    ("DEL in a value", &[(b"x", b"y\x7fz")], Ended),
    ("ESC in a value", &[(b"x", b"y\x1bz")], Ended),
    (
        "a space before a value",
        &[(b"x", b" y")],
        Refused("guard.padded-value"),
    ),
    (
        "a space behind a value",
        &[(b"x", b"y ")],
        Refused("guard.padded-value"),
    ),
    (
        "TAB before a value",
        &[(b"x", b"\ty")],
        Refused("guard.padded-value"),
    ),
    (
        "TAB behind a value",
        &[(b"x", b"y\t")],
        Refused("guard.padded-value"),
    ),
    (
        "a padded method of encryption",
        &[(b"x-amz-server-side-encryption", b" AES256")],
        Refused("guard.padded-value"),
    ),
    // Headers about the connection (RFC 9113 §8.2.2).
    ("Connection", &[(b"connection", b"close")], Reset),
    (
        "Connection that names another",
        &[(b"connection", b"x-amz-date")],
        Reset,
    ),
    ("Keep-Alive", &[(b"keep-alive", b"timeout=5")], Reset),
    ("Proxy-Connection", &[(b"proxy-connection", b"keep-alive")], Reset),
    ("Transfer-Encoding", &[(b"transfer-encoding", b"chunked")], Reset),
    (
        "an empty Transfer-Encoding",
        &[(b"transfer-encoding", b"")],
        Reset,
    ),
    (
        "Transfer-Encoding in disguise",
        &[(b"transfer_encoding", b"chunked")],
        Refused("guard.framing-name"),
    ),
    ("Upgrade", &[(b"upgrade", b"h2c")], Reset),
    ("TE other than trailers", &[(b"te", b"gzip")], Reset),
    ("TE with more than trailers", &[(b"te", b"trailers, gzip")], Reset),
    // The length.
    ("a length that is none", &[(b"content-length", b"x")], Reset),
    (
        "an empty length",
        &[(b"content-length", b"")],
        Refused("guard.length"),
    ),
    ("a signed length", &[(b"content-length", b"+0")], Reset),
    ("a listed length", &[(b"content-length", b"0, 0")], Reset),
    (
        "two lengths",
        &[(b"content-length", b"0"), (b"content-length", b"1")],
        Reset,
    ),
    (
        "the same length twice",
        &[(b"content-length", b"0"), (b"content-length", b"0")],
        Refused("guard.length-repeated"),
    ),
    (
        "a length with zeros before it",
        &[(b"content-length", b"00")],
        Refused("guard.length"),
    ),
    ("a length without a body", &[(b"content-length", b"5")], Reset),
    (
        "a length in disguise",
        &[(b"content_length", b"5")],
        Refused("guard.framing-name"),
    ),
    // What asks for another meaning.
    (
        "another method in a header",
        &[(b"x-http-method-override", b"PUT")],
        Refused("malformed.method-override"),
    ),
    (
        "an expectation nobody can meet",
        &[(b"expect", b"100-continue, x")],
        Refused("guard.expect"),
    ),
    (
        "two expectations",
        &[(b"expect", b"100-continue"), (b"expect", b"100-continue")],
        Refused("guard.expect"),
    ),
];

/// A header block: the case's fields, with the pseudo-headers that it does not name in front.
fn head(fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let ordinary: [(&str, &str); 4] = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "obs.example.com"),
        (":path", "/mine/k"),
    ];
    let named = |name: &str| fields.iter().any(|(one, _)| *one == name.as_bytes());
    let missing = ordinary.iter().filter(|(name, _)| !named(name));
    let mut all: Vec<(&[u8], &[u8])> = missing
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    all.extend(fields);
    let (name, value) = V4.split_once(": ").unwrap();
    let name = name.to_ascii_lowercase();
    all.push((name.as_bytes(), value.as_bytes()));
    block(&all)
}

#[test]
fn nothing_that_reads_otherwise_in_http_1_gets_there() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut wrong = Vec::new();
    for (what, fields, fate) in CASES {
        let mut peer = Peer::connect(&gate);
        let stream = peer.number();
        peer.send_bytes(headers(stream, &head(fields), true));
        let met = match fate {
            Ended => peer.ending().is_some_and(|code| code != Code::NoError),
            Reset => {
                let answer = peer.answer(stream);
                peer.assert_serves();
                answer.reset == Some(Code::Protocol) && answer.head.is_empty()
            }
            Refused(rule) => {
                let answer = peer.answer(stream);
                peer.assert_serves();
                answer.rule() == *rule && answer.ended && answer.reset.is_none()
            }
        };
        if !met {
            wrong.push(format!(
                "{what}: not {fate:?}: {:?} {:?}",
                peer.so_far(stream),
                peer.goaway
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    drop(gate);
    for number in 0..origin.connections() {
        for line in origin
            .seen(number)
            .lines()
            .filter(|line| line.ends_with("HTTP/1.1"))
        {
            assert_eq!(line, "GET /mine/alive HTTP/1.1");
        }
    }
}

#[test]
fn a_fragment_is_no_part_of_what_is_classified_or_sent() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    assert_eq!(peer.ask("GET /mine/k#/../../other", &[V4]).status(), 200);
    drop((peer, gate));
    assert!(
        origin.seen(0).starts_with("GET /mine/k HTTP/1.1\r\n"),
        "{}",
        origin.seen(0)
    );
}

#[test]
fn connect_is_refused() {
    let origin = ScriptedOrigin::uncalled();
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let stream = peer.begin(
        &[(":method", "CONNECT"), (":authority", "obs.example.com:443")],
        false,
    );
    peer.answer(stream).assert_refused("MethodNotAllowed");
    peer.assert_alive();
}

#[test]
fn a_request_without_any_host_is_refused_and_host_alone_will_do() {
    let origin = ScriptedOrigin::answering(OK);
    let gate = Running::before(&origin);
    let mut peer = Peer::connect(&gate);
    let bare = [(":method", "GET"), (":scheme", "https"), (":path", "/mine/k")];
    let stream = peer.begin(&bare, true);
    let answer = peer.answer(stream);
    assert_eq!(answer.rule(), "malformed.host");
    let stream = peer.begin(&[&bare[..], &[("host", "OBS.example.com")]].concat(), true);
    assert_eq!(peer.answer(stream).status(), 200);
    drop((peer, gate));
    assert!(
        origin.seen(0).contains("\r\nhost: OBS.example.com\r\n"),
        "{}",
        origin.seen(0)
    );
}
