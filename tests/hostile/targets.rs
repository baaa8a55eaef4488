//! Rows of hosts, targets and paths: which bucket and key a request is about.

use crate::{
    harness::Over,
    row::{Table, ask, get},
};

const HOST: (u16, &str) = (400, "malformed.host");
const AUTHORITY: (u16, &str) = (400, "malformed.authority");

pub(crate) fn rows(t: &mut Table) {
    hosts(t);
    targets(t);
    paths(t);
}

fn hosts(t: &mut Table) {
    t.refused(
        "hosts",
        "RFC 9112 §3.2: exactly one valid Host; rulings, 7",
        HOST,
        [
            get("Host: obs.example.com\nHost: obs.example.com"),
            get("Host: obs.example.com\nHost: other.example.com"),
            get("Host: obs.example.com\nx: y\nhost: obs.example.com"),
            b"GET /mine/k HTTP/1.1\r\n\r\n".to_vec(),
            b"GET /mine/k HTTP/1.0\r\n\r\n".to_vec(),
            get("Host:"),
            get("Host: "),
            get("Host: obs.example.com, obs.example.com"),
            get("Host: user@obs.example.com"),
            get("Host: user:secret@obs.example.com"),
        ],
    );
    t.refused(
        "host-forms",
        "what is no host, or none of the gate's, names no bucket; rulings, 7",
        HOST,
        [
            get("Host: obs.example.com/"),
            get("Host: obs.example.com/mine"),
            get("Host: obs.example.com other"),
            get("Host: obs.example.com\tother"),
            get("Host: obs.example.com."),
            get("Host: .obs.example.com"),
            get("Host: elsewhere.org"),
            get("Host: obs.example.com.evil.org"),
            get("Host: notobs.example.com"),
            get("Host: http://obs.example.com"),
            get("Host: obs.example.com:port"),
            get("Host: obs.example.com:80:80"),
            get("Host: obs.example.com:-1"),
            get("Host: obs.example.com?acl"),
            get("Host: obs.example.com#x"),
            get("Host: obs%2eexample.com"),
            get("Host: [::1"),
            get("Host: mine_obs.example.com"),
            get("Host: \"obs.example.com\""),
            get("Host: mine..obs.example.com"),
        ],
    );
    t.passes(
        "host-forms",
        "a host of the gate's in any case and with any port; rulings, 7",
        [
            get("Host: OBS.Example.COM"),
            get("Host: obs.example.com:443"),
            get("Host: 127.0.0.1"),
            get("Host: [::1]:8080"),
            ask("GET /k", "Host: mine.obs.example.com"),
            ask("GET /k", "Host: a.b.obs.example.com"),
        ],
    );
    t.refused(
        "obs-text",
        "a host has no bytes above 0x7f; rulings, 7",
        HOST,
        [
            b"GET /mine/k HTTP/1.1\r\nHost: obs.example.com\xa0\r\n\r\n".to_vec(),
            "GET /mine/k HTTP/1.1\r\nHost: \u{f6}bs.example.com\r\n\r\n".into(),
        ],
    );
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn targets(t: &mut Table) {
    t.refused(
        "absolute-host",
        "RFC 9112 §3.2.2: the authority of an absolute target is the Host; rulings, 7",
        AUTHORITY,
        [
            ask("GET http://other.example.com/mine/k", ""),
            ask("GET http://obs.example.com.evil.org/mine/k", ""),
            ask("GET http://obs.example.com:81/mine/k", ""),
            ask("GET http://obs.example.com/mine/k", "Host: obs.example.com:81"),
            ask("GET http://user@obs.example.com/mine/k", ""),
            ask("GET http://mine.obs.example.com/k", ""),
            ask("GET ftp://obs.example.com/mine/k", ""),
            ask("GET http://127.0.0.1/mine/k", ""),
        ],
    );
    t.passes(
        "absolute-host",
        "an absolute target that says what Host and socket say; RFC 9112 §3.2.2",
        [ask("GET http://obs.example.com/mine/k", "")],
    );
    t.refused(
        "absolute-https",
        "the scheme is the socket's; rulings, 7",
        AUTHORITY,
        [ask("GET https://obs.example.com/mine/k", "")],
    );
    t.over = Over::Https;
    t.refused(
        "absolute-https",
        "the scheme is the socket's, over TLS too; rulings, 7",
        AUTHORITY,
        [ask("GET http://obs.example.com/mine/k", "")],
    );
    t.passes(
        "absolute-https",
        "an absolute target of the socket's scheme",
        [ask("GET https://obs.example.com/mine/k", "")],
    );
    t.over = Over::Http;
    t.refused(
        "no-slash",
        "a target without a slash is read as an authority by some; RFC 9112 §3.2",
        (400, "malformed.target"),
        [
            ask("GET mine", ""),
            ask("GET mine:80", ""),
            ask("GET obs.example.com", ""),
            ask("PUT mine", ""),
        ],
    );
    t.refused(
        "target-star",
        "RFC 9112 §3.2.4: `*` is for OPTIONS",
        (400, "malformed.target"),
        [ask("GET *", ""), ask("PUT *", ""), ask("DELETE *", "")],
    );
    t.refused(
        "target-encoded",
        "a name of the query is decoded by some before it is split; rulings, 11",
        (400, "malformed.query-name"),
        [
            ask("GET /mine/k?a%00b=1", ""),
            ask("GET /mine/k?a%0d%0ab=1", ""),
            ask("GET /mine/k?%26acl=1", ""),
            ask("GET /mine/k?%3dacl", ""),
            ask("GET /mine/k?%3bacl", ""),
            ask("GET /mine/k?%3facl", ""),
            ask("GET /mine/k?%zz", ""),
            ask("GET /mine/k?%", ""),
            ask("GET /mine/k?a%7fb", ""),
        ],
    );
    t.passes(
        "target-encoded",
        "inside a key every byte is the store's; rulings, 8",
        [
            ask("GET /mine/a%00b", ""),
            ask("GET /mine/a%0d%0ab", ""),
            ask("GET /mine/a%2fb", ""),
            ask("GET /mine/a%5cb", ""),
            ask("GET /mine/%25%32%65", ""),
            ask("GET /mine/k?prefix=%00%0d%0a", ""),
        ],
    );
}

fn paths(t: &mut Table) {
    t.refused(
        "paths",
        "an empty bucket before a key, or one that decodes to two; rulings, 8",
        (400, "malformed.bucket"),
        [
            ask("GET //mine/k", ""),
            ask("GET ///k", ""),
            ask("GET /mi%2fne/k", ""),
            ask("GET /mi%2Fne/k", ""),
            ask("GET /mi%00ne/k", ""),
            ask("GET /mi%0ane/k", ""),
            ask("GET /%2fmine/k", ""),
            ask("GET /./mine/k", ""),
            ask("GET /../mine/k", ""),
            ask("GET /%2e%2e/mine/k", ""),
        ],
    );
    t.refused(
        "paths",
        "removing dot segments or merging slashes would change the bucket or drop the key; rulings, 8",
        (400, "malformed.path"),
        [
            ask("GET /mine/../other/k", ""),
            ask("GET /mine/%2e%2e/other/k", ""),
            ask("GET /mine/.%2E/other/k", ""),
            ask("GET /mine/a/../../other/k", ""),
            ask("GET /mine/..", ""),
            ask("GET /mine/.", ""),
            ask("GET /mine//", ""),
        ],
    );
    t.passes(
        "paths",
        "dots and slashes that stay inside the key are the key's; rulings, 8",
        [
            ask("GET /mine/a/../b", ""),
            ask("GET /mine/a//b", ""),
            ask("GET /mine/...", ""),
            ask("GET /mine/a/./b", ""),
            ask("GET /mine/", ""),
            ask("GET /", ""),
        ],
    );
}
