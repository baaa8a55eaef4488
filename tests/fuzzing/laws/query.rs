//! The query of a request, read as part of heads of every method for an object and for a bucket.
//!
//! 1. A name that cannot be read in one way is refused: a broken escape, a control byte, a separator.
//! 2. A subresource passes only in its own spelling, and not twice with different values.
//! 3. The parameters of encryption are those that a slow reader finds who decodes each name once; the upload is the
//!    one it finds.
//! 4. Who separates with `;` as well finds no other subresource and no other parameter of encryption.
//! 5. A name with one of its letters escaped is refused, or means the same; a signature may become doubtful by it.

use super::heads::{arrival, endpoints, parse};
use http::request::Parts;
use obsgate::{
    classify::{Classified, classify},
    obs::{
        auth::{Auth, Carrier},
        dialect::Dialect,
        malformed::Malformed,
        operation::Operation,
        scheme::Scheme,
        sse::Parameter,
    },
    policy::Facts,
};
use std::collections::BTreeSet;

/// Whether it passed with any method, and what it had in it.
pub fn holds(bytes: &[u8]) -> &'static str {
    let Ok(query) = std::str::from_utf8(bytes) else {
        return "no query";
    };
    if query.contains(['#', ' ', '\r', '\n']) || head("GET", "/b/k", query).is_none() {
        return "no query";
    }
    let naive = Naive::of(query);
    let (mut passed, mut encrypted) = (false, false);
    for method in ["GET", "HEAD", "PUT", "POST", "DELETE"] {
        for path in ["/b/k", "/b"] {
            let head = head(method, path, query).unwrap();
            if let Ok(classified) = read(&head) {
                passed = true;
                encrypted |= !naive.encryption.is_empty();
                naive.agrees_with(&classified, query);
                assert_escapes_change_nothing(method, path, query, classified.facts);
            }
        }
    }
    match (passed, encrypted) {
        (false, _) => "refused",
        (true, true) => "encrypted",
        (true, false) => "passed",
    }
}

fn head(method: &str, path: &str, query: &str) -> Option<Parts> {
    parse(format!("{method} {path}?{query} HTTP/1.1\r\nHost: obs.example.com\r\n\r\n").as_bytes())
}

fn read(head: &Parts) -> Result<Classified<'_>, Malformed> {
    classify(head, arrival(Scheme::Http), &endpoints())
}

/// What a slow reader makes of a query.
#[derive(Debug)]
struct Naive<'q> {
    readable: bool,
    /// Raw name and value, by the subresource they are taken for.
    subresources: Vec<(&'static str, &'q str, &'q str)>,
    encryption: BTreeSet<(String, String)>,
}

impl<'q> Naive<'q> {
    fn of(query: &'q str) -> Self {
        let mut naive = Self {
            readable: true,
            subresources: Vec::new(),
            encryption: BTreeSet::new(),
        };
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(plain) = decoded(name) else {
                naive.readable = false;
                continue;
            };
            naive.readable &= !plain
                .chars()
                .any(|letter| letter.is_ascii_control() || "=&;?".contains(letter));
            let meaning = folded(&plain);
            if let Some(known) = SUBRESOURCES.iter().find(|one| one.to_lowercase() == meaning) {
                naive.subresources.push((*known, name, value));
            }
            naive.encryption.extend(encryption(&meaning));
        }
        naive
    }

    fn agrees_with(&self, classified: &Classified<'_>, query: &str) {
        assert!(self.readable, "a name that nobody can read passed: {query}");
        for (known, name, value) in &self.subresources {
            assert_eq!(known, name, "a subresource in another spelling passed: {query}");
            let first = self.subresources.iter().find(|(other, ..)| other == known);
            assert_eq!(
                first.map(|(_, _, value)| value),
                Some(value),
                "two values passed: {query}"
            );
        }
        let upload = self.subresources.iter().find(|(name, ..)| *name == "uploadId");
        assert_eq!(
            classified.upload_id,
            upload.map(|(_, _, value)| value.as_bytes()),
            "{query}"
        );
        let seen: BTreeSet<(String, String)> = classified
            .evidence
            .iter()
            .flat_map(|(parameter, places)| {
                places.iter().map(move |(carrier, dialect)| {
                    assert_eq!(carrier, Carrier::Query);
                    (format!("{parameter:?}"), dialect.name().to_owned())
                })
            })
            .collect();
        assert_eq!(seen, self.encryption, "{query}");
        self.is_the_same_to_who_splits_at_semicolons(query);
    }

    fn is_the_same_to_who_splits_at_semicolons(&self, query: &str) {
        for piece in query.split(['&', ';']) {
            let (name, valued) = piece
                .split_once('=')
                .map_or((piece, false), |(name, _)| (name, true));
            let meaning = folded(&decoded(name).unwrap_or_default());
            if let Some(known) = SUBRESOURCES.iter().find(|one| one.to_lowercase() == meaning) {
                assert!(
                    self.subresources.iter().any(|(one, ..)| one == known),
                    "`{known}` is hidden in {query}"
                );
            }
            if valued && let Some(one) = encryption(&meaning) {
                assert!(self.encryption.contains(&one), "{one:?} is hidden in {query}");
            }
        }
    }
}

/// The parameter of encryption and the dialect that a name means.
fn encryption(meaning: &str) -> Option<(String, String)> {
    let (dialect, tail) = Dialect::ALL
        .into_iter()
        .find_map(|dialect| Some((dialect, meaning.strip_prefix(dialect.prefix())?)))?;
    let spelled = |one: &Parameter| {
        Dialect::ALL.iter().any(|of| {
            let known = of.spelling(*one).strip_prefix(of.prefix()).unwrap();
            known.to_ascii_lowercase() == tail
        })
    };
    let parameter = Parameter::ALL.iter().find(|one| spelled(one))?;
    Some((format!("{parameter:?}"), dialect.name().to_owned()))
}

fn assert_escapes_change_nothing(method: &str, path: &str, query: &str, facts: Facts) {
    let pairs: Vec<&str> = query.split('&').collect();
    for (n, pair) in pairs.iter().enumerate().take(MOST) {
        let name = pair.split('=').next().unwrap();
        let Some(letter) = name.chars().next().filter(char::is_ascii_alphabetic) else {
            continue;
        };
        let mut pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        pairs[n] = format!("%{:02x}{}", u32::from(letter), pair.split_at(1).1);
        let Some(head) = head(method, path, &pairs.join("&")) else {
            continue;
        };
        let Ok(other) = read(&head) else { continue };
        let subresource = SUBRESOURCES.contains(&name);
        assert!(!subresource, "an escaped subresource passed: {}", pairs.join("&"));
        let doubtful = other.facts.auth == Auth::Unknown;
        // What only some stores read settles nothing any more, but it still counts (rulings, 11).
        let counts = other
            .facts
            .also
            .map_or(other.facts.target, |also| other.facts.target.union(also.target));
        assert!(
            facts.target.iter().all(|one| counts.contains(one)),
            "{}",
            pairs.join("&")
        );
        let sources = other.facts.source;
        assert!(
            facts.source.iter().all(|one| sources.contains(one)),
            "{}",
            pairs.join("&")
        );
        // A bucket is deleted by a request with no name in its query that is not documented (rulings, 1).
        let bare = facts.operation != Operation::DeleteBucket || other.facts.operation != Operation::Other;
        let expected = Facts {
            operation: if bare { facts.operation } else { Operation::Other },
            auth: if doubtful { Auth::Unknown } else { facts.auth },
            target: other.facts.target,
            source: other.facts.source,
            also: other.facts.also,
            ..facts
        };
        assert_eq!(other.facts, expected, "{}", pairs.join("&"));
    }
}

/// Percent-encoded text, decoded once; none if an escape is none. Each byte is a letter of its own.
pub(super) fn decoded(raw: &str) -> Option<String> {
    let mut text = String::new();
    let mut letters = raw.chars();
    while let Some(letter) = letters.next() {
        if letter == '%' {
            let digits = [letters.next()?, letters.next()?].map(|digit| digit.to_digit(16));
            let [Some(high), Some(low)] = digits else {
                return None;
            };
            text.push(char::from_u32(high * 16 + low)?);
        } else {
            text.push(letter);
        }
    }
    Some(text)
}

/// A name as lenient stores compare it.
pub(super) fn folded(name: &str) -> String {
    name.chars()
        .filter(|letter| !letter.is_ascii_control() && !matches!(letter, ' ' | '+'))
        .map(|letter| {
            if letter == '_' {
                '-'
            } else {
                letter.to_ascii_lowercase()
            }
        })
        .collect()
}

const SUBRESOURCES: [&str; 20] = [
    "acl",
    "append",
    "delete",
    "encryption",
    "legal-hold",
    "metadata",
    "modify",
    "partNumber",
    "position",
    "rename",
    "restore",
    "retention",
    "select",
    "select-type",
    "symlink",
    "tagging",
    "torrent",
    "truncate",
    "uploadId",
    "uploads",
];

/// As many names are tried with an escape.
const MOST: usize = 8;
