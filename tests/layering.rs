//! The house rules that the compiler does not know: which way imports point, what the lower layers may not name, and
//! how long a file may be. Functions are measured by clippy (`too-many-lines-threshold`).

#![cfg(test)]

#[path = "support/sources.rs"]
mod sources;

use sources::sources;
use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn the_source_keeps_the_house_rules() {
    let mut found = Vec::new();
    for (name, text) in sources() {
        found.extend(violations(&name, &text));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_module_has_its_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let there: BTreeSet<String> = fs::read_dir(root)
        .unwrap()
        .map(|entry| module(&entry.unwrap().file_name().to_string_lossy()).to_owned())
        .collect();
    for module in there {
        assert!(layer(&module).is_some(), "`{module}` has no layer");
    }
}

#[test]
fn an_import_that_points_up_or_sideways_is_found() {
    let cases = [
        ("obs/auth.rs", "use crate::policy::Facts;", "imports `policy`"),
        (
            "policy/table.rs",
            "use crate::{obs::auth::Auth, config::{Config, Mistakes}};",
            "imports `config`",
        ),
        (
            "config/mod.rs",
            "use crate::classify::classify;",
            "imports `classify`",
        ),
        (
            "telemetry/mod.rs",
            "pub use crate::proxy::Gate;",
            "imports `proxy`",
        ),
        ("proxy/mod.rs", "use crate::cli::Cli;", "imports `cli`"),
        ("demo/mod.rs", "use crate::cli::Cli;", "imports `cli`"),
        (
            "policy/table.rs",
            "fn f() { crate::proxy::handle() }",
            "imports `proxy`",
        ),
        (
            "policy/table.rs",
            "use super::super::proxy::handle;",
            "imports `proxy`",
        ),
        ("policy/mod.rs", "use super::proxy::handle;", "imports `proxy`"),
        (
            "config/mod.rs",
            "use\n    crate :: {\n    classify\n};",
            "imports `classify`",
        ),
        ("classify.rs", "use super::proxy::handle;", "imports `proxy`"),
        (
            "obs/mod.rs",
            "mod a { use super::super::policy::Facts; }",
            "imports `policy`",
        ),
        ("obs/mod.rs", "use obsgate::policy::Facts;", "imports `policy`"),
    ];
    for (name, text, expected) in cases {
        assert_eq!(
            violations(name, text).len(),
            1,
            "{text}: {:?}",
            violations(name, text)
        );
        assert!(
            violations(name, text)[0].contains(expected),
            "{:?}",
            violations(name, text)
        );
    }
}

#[test]
fn an_import_that_points_down_or_stays_at_home_is_not() {
    for (name, text) in [
        (
            "policy/table.rs",
            "use crate::obs::{auth::Auth, encryption::{Encryption}};",
        ),
        (
            "policy/table.rs",
            "use crate::policy::Facts; use super::rule::Rule; use self::inner::X;",
        ),
        (
            "proxy/worker.rs",
            "use crate::{classify::classify, config::Config, telemetry::Event};",
        ),
        (
            "config/mod.rs",
            "// use crate::proxy::Gate;\n/* use crate::proxy; */ const A: &str = \"crate::proxy\";",
        ),
        (
            "config/mod.rs",
            "//! [`crate::proxy`]\nmod section;\nuse section::Section;",
        ),
        ("cli/run.rs", "use crate::{demo::Origin, proxy::Gate};"),
        ("main.rs", "use obsgate::cli::Cli;"),
    ] {
        assert_eq!(violations(name, text), [""; 0], "{text}");
    }
}

#[test]
fn sockets_clocks_and_runtimes_below_the_shell_are_found() {
    for text in [
        "use tokio::net::TcpStream;",
        "use hyper::Request;",
        "fn f() { ::rustls::version() }",
        "use hyper_util::rt::TokioIo;",
        "use tokio_rustls::TlsAcceptor;",
        "use std::net::TcpListener;",
        "use std::net::{IpAddr, UdpSocket};",
        "use std::{net::{self, ToSocketAddrs}, time::Duration};",
        "use std::time::Instant;",
        "fn f() -> std::time::SystemTime { todo() }",
        "use std::net; fn f() { net::TcpStream::connect(a) }",
        "use aws_lc_rs::{hmac, rand};",
        "use aws_lc_rs as crypto;",
        "fn f(at: &mut OffsetDateTime) { *at = OffsetDateTime::now_utc() }",
    ] {
        for name in [
            "obs/a.rs",
            "policy/a.rs",
            "classify.rs",
            "config/a.rs",
            "state/a.rs",
        ] {
            assert!(!violations(name, text).is_empty(), "{name}: {text}");
        }
        assert_eq!(violations("proxy/a.rs", text), [""; 0], "{text}");
    }
    for text in [
        "use std::fs;",
        "use std::{env, process::id};",
        "fn f() { std::thread::yield_now() }",
    ] {
        assert!(!violations("policy/a.rs", text).is_empty(), "{text}");
        assert_eq!(violations("config/a.rs", text), [""; 0], "{text}");
    }
}

#[test]
fn values_of_addresses_and_durations_are_no_sockets_and_clocks() {
    for text in [
        "use std::{net::{IpAddr, Ipv6Addr, SocketAddr}, time::Duration};",
        "use rustls_pki_types::CertificateDer;",
        "use aws_lc_rs::{digest, hmac};",
        "/// As in hyper::server or tokio::net.\nfn f() {}",
        "const A: &str = \"use tokio::net::TcpStream;\";",
        "const B: char = '\"'; use std::fmt; // \" tokio::net",
        "const R: &str = r#\"a \" tokio::spawn \"#;",
    ] {
        assert_eq!(violations("obs/a.rs", text), [""; 0], "{text}");
    }
}

#[test]
fn a_header_spelled_outside_the_vocabulary_is_found() {
    for text in [
        "const A: &str = \"x-obs-acl\";",
        "fn f() { head.get(b\"X-Amz-Date\") }",
        "const R: &str = r#\"x-amz-server-side-encryption\"#;",
        "fn f() { format!(\"the header x-obs-acl\") }",
    ] {
        for name in ["policy/a.rs", "classify.rs", "proxy/a.rs", "cli/a.rs", "main.rs"] {
            assert_eq!(violations(name, text).len(), 1, "{name}: {text}");
        }
        for name in ["obs/dialect.rs", "obs/sse/mod.rs", "demo/a.rs"] {
            assert_eq!(violations(name, text), [""; 0], "{name}: {text}");
        }
    }
    for text in [
        "//! Reads `x-obs-acl`.",
        "const A: &str = \"x-obsgate-rule\";",
        "fn f() {}\n#[cfg(test)]\nmod tests {\n    const A: &str = \"x-obs-acl\";\n}",
    ] {
        assert_eq!(violations("proxy/a.rs", text), [""; 0], "{text}");
    }
    let after_tests = "#[cfg(test)]\nmod tests {}\nconst A: &str = \"x-obs-acl\";";
    assert_eq!(violations("proxy/a.rs", after_tests).len(), 1);
}

#[test]
fn a_file_of_more_than_400_lines_is_found() {
    assert_eq!(violations("policy/a.rs", &"\n".repeat(400)), [""; 0]);
    assert_eq!(violations("policy/a.rs", &"\n".repeat(401)).len(), 1);
}

/// The layer of a module; an import must point to a lower one.
fn layer(module: &str) -> Option<u8> {
    match module {
        "obs" => Some(0),
        "policy" => Some(1),
        "classify" | "config" | "state" => Some(2),
        "telemetry" => Some(3),
        "proxy" => Some(4),
        "demo" => Some(5),
        "cli" => Some(6),
        "main" | "lib" => Some(7),
        _ => None,
    }
}

/// The lowest layer that may touch sockets, clocks and runtimes.
const SHELL: u8 = 3;

/// The lowest layer that may touch files and the process.
const OUTSIDE: u8 = 2;

const RUNTIMES: [&str; 7] = [
    "tokio",
    "hyper",
    "hyper_util",
    "rustls",
    "tokio_rustls",
    "socket2",
    "tracing_subscriber",
];

/// What of the cryptography is a function of its arguments; the rest, randomness above all, is none.
const PURE: [&str; 3] = ["digest", "hmac", "constant_time"];

const SOCKETS_AND_CLOCKS: [&str; 9] = [
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "UnixStream",
    "Instant",
    "SystemTime",
    "now_utc",
    "now_local",
];

const PROCESS: [&str; 4] = ["fs", "env", "process", "thread"];

/// What a file breaks of the house rules, a line each.
fn violations(name: &str, text: &str) -> Vec<String> {
    let home = module(name);
    let own_layer = layer(home).unwrap_or(u8::MAX);
    let source = Source::read(text);
    let mut found = BTreeSet::new();
    for path in source.paths() {
        if let Some(imported) = imported_module(name, &path) {
            let below = layer(imported).is_none_or(|layer| layer < own_layer);
            if imported != home && !below && layer(imported).is_some() {
                found.insert(format!(
                    "{name}: imports `{imported}`, which is not below `{home}`"
                ));
            }
        }
        let first = path.first().map_or("", |segment| segment);
        let names = |words: &[&str]| path.iter().any(|segment| words.contains(&segment.as_str()));
        let impure =
            first == "aws_lc_rs" && path.get(1).is_none_or(|second| !PURE.contains(&second.as_str()));
        if own_layer < SHELL && (RUNTIMES.contains(&first) || impure || names(&SOCKETS_AND_CLOCKS)) {
            found.insert(format!("{name}: `{}` belongs above `{home}`", path.join("::")));
        }
        let of_std = first == "std"
            && path
                .get(1)
                .is_some_and(|second| PROCESS.contains(&second.as_str()));
        if own_layer < OUTSIDE && of_std {
            found.insert(format!("{name}: `{}` belongs above `{home}`", path.join("::")));
        }
    }
    if !matches!(home, "obs" | "demo") {
        for literal in &source.literals {
            let folded = literal.to_ascii_lowercase();
            if folded.contains("x-obs-") || folded.contains("x-amz-") {
                found.insert(format!("{name}: the literal `{literal}` belongs into `obs`"));
            }
        }
    }
    let lines = text.lines().count();
    if lines > 400 {
        found.insert(format!("{name}: {lines} lines, more than 400"));
    }
    found.into_iter().collect()
}

/// The top-level module that a file belongs to.
fn module(name: &str) -> &str {
    let first = name.split('/').next().unwrap_or(name);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The top-level module that a path leads to, if it leads into this crate.
fn imported_module<'p>(name: &str, path: &'p [String]) -> Option<&'p str> {
    match path.first()?.as_str() {
        "crate" | "obsgate" => path.get(1).map(String::as_str),
        "super" => {
            let ups = path.iter().take_while(|segment| *segment == "super").count();
            // `a.rs` and `a/mod.rs` are one step below the root, `a/b.rs` two. Steps beyond are those of modules
            // within the file: whatever follows may be a module of the root.
            let file = name
                .strip_suffix("/mod.rs")
                .or(name.strip_suffix(".rs"))
                .unwrap_or(name);
            let depth = file.split('/').count();
            path.get(ups).filter(|_| ups >= depth).map(String::as_str)
        }
        _ => None,
    }
}

/// A file without its comments, with its literals apart.
struct Source {
    code: String,
    literals: Vec<String>,
}

impl Source {
    /// Takes comments out, and literals apart; those of unit tests are nobody's business.
    fn read(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut source = Self {
            code: String::new(),
            literals: Vec::new(),
        };
        let mut tests = None;
        let mut at = 0;
        while at < chars.len() {
            if tests.is_none() && source.code.ends_with("#[cfg(test)]") {
                tests = Some(0);
            }
            let (end, kind) = lexeme(&chars, at);
            let lexeme: String = chars[at..end].iter().collect();
            match kind {
                Kind::Comment => source.code.push(' '),
                Kind::Literal => {
                    source.code.push_str("\"\"");
                    if tests.is_none() {
                        source.literals.push(lexeme);
                    }
                }
                Kind::Code => {
                    source.code.push_str(&lexeme);
                    tests = match (tests, lexeme.as_str()) {
                        (Some(depth), "{") => Some(depth + 1),
                        (Some(1), "}") | (Some(0), ";") => None,
                        (Some(depth), "}") => Some(depth - 1),
                        (unchanged, _) => unchanged,
                    };
                }
            }
            at = end;
        }
        source
    }

    /// Every path in the code, groups taken apart: `a::{b, c::d}` is `a::b` and `a::c::d`.
    fn paths(&self) -> Vec<Vec<String>> {
        let mut tokens: Vec<String> = Vec::new();
        let mut glued = false;
        for one in self.code.chars() {
            let word = one.is_alphanumeric() || one == '_';
            match tokens.last_mut() {
                Some(last) if word && glued => last.push(one),
                _ if one.is_whitespace() => {}
                _ => tokens.push(one.to_string()),
            }
            glued = word;
        }
        let mut paths = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            at = read_path(&tokens, at, &[], &mut paths).max(at + 1);
        }
        paths
    }
}

/// Reads the path at `at`, and those in its group; returns where it ends.
fn read_path(tokens: &[String], mut at: usize, before: &[String], paths: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token == text);
    let joined = |at: usize| is(at, ":") && is(at + 1, ":");
    if joined(at) {
        at += 2;
    }
    loop {
        if before.is_empty() && path.is_empty() && is(at, "{") {
            return at;
        }
        if is(at, "{") {
            at += 1;
            while at < tokens.len() && !is(at, "}") {
                at = read_path(tokens, at, &path, paths).max(at + 1);
            }
            return at + 1;
        }
        match tokens
            .get(at)
            .filter(|token| token.starts_with(|c: char| c.is_alphabetic() || c == '_'))
        {
            Some(word) => path.push(word.clone()),
            None => break,
        }
        at += 1;
        if !joined(at) {
            break;
        }
        at += 2;
    }
    if path.len() > before.len() {
        paths.push(path);
    }
    at
}

enum Kind {
    Code,
    Comment,
    Literal,
}

/// Where the lexeme at `at` ends, and what it is. Code goes character by character.
fn lexeme(chars: &[char], at: usize) -> (usize, Kind) {
    let is = |at: usize, c: char| chars.get(at) == Some(&c);
    let find = |from: usize, found: &dyn Fn(usize) -> bool| {
        (from..chars.len()).find(|at| found(*at)).unwrap_or(chars.len())
    };
    if is(at, '/') && is(at + 1, '/') {
        return (find(at, &|at| is(at, '\n')), Kind::Comment);
    }
    if is(at, '/') && is(at + 1, '*') {
        return (
            find(at + 2, &|at| is(at, '*') && is(at + 1, '/')) + 2,
            Kind::Comment,
        );
    }
    let in_word = at > 0
        && chars
            .get(at - 1)
            .is_some_and(|c| c.is_alphanumeric() || *c == '_');
    if is(at, 'r') && !in_word || is(at, 'r') && at > 0 && is(at - 1, 'b') {
        let hashes = (at + 1..chars.len()).take_while(|at| is(*at, '#')).count();
        let open = at + 1 + hashes;
        if is(open, '"') {
            let closes = |at: usize| is(at, '"') && (1..=hashes).all(|n| is(at + n, '#'));
            return (find(open + 1, &closes) + 1 + hashes, Kind::Literal);
        }
    }
    if is(at, '"') {
        let mut end = at + 1;
        while end < chars.len() && !is(end, '"') {
            end += if is(end, '\\') { 2 } else { 1 };
        }
        return (end + 1, Kind::Literal);
    }
    // A character, and not a lifetime: `'x'` or an escape.
    if is(at, '\'') && is(at + 1, '\\') {
        return (find(at + 3, &|at| is(at, '\'')) + 1, Kind::Literal);
    }
    if is(at, '\'') && is(at + 2, '\'') {
        return (at + 3, Kind::Literal);
    }
    (at + 1, Kind::Code)
}
