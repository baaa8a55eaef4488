//! The header that names a copy's source, read as part of a copy and of a part's copy, in both dialects.
//!
//! 1. It passes or not whatever the dialect, and for an object as for a part.
//! 2. It passes exactly if a slow reader, who splits it before decoding, finds a bucket and a key.
//! 3. It settles nothing: the facts are those of any other source.

use super::heads::{arrival, endpoints, parse};
use obsgate::{
    classify::classify,
    obs::{malformed::Malformed, scheme::Scheme},
    policy::Facts,
};

/// Whether it passed.
pub fn holds(bytes: &[u8]) -> &'static str {
    if bytes.contains(&b'\r') || bytes.contains(&b'\n') {
        return "no header";
    }
    let Some(object) = copied(TARGETS[0], "x-obs-copy-source", bytes) else {
        return "no header";
    };
    let passed = object.is_ok();
    for (target, name) in [
        (TARGETS[0], "x-amz-copy-source"),
        (TARGETS[1], "x-obs-copy-source"),
        (TARGETS[1], "X-Amz-Copy-Source"),
    ] {
        let other = copied(target, name, bytes).unwrap();
        let plain = copied(target, name, b"/b/k").unwrap();
        match other {
            Ok(facts) => {
                assert!(passed, "passed on {target} alone");
                assert_eq!(Ok(facts), plain, "the source changes the facts");
            }
            Err(malformed) => {
                assert!(!passed, "refused on {target} alone");
                assert_eq!(malformed, Malformed::CopySource);
            }
        }
    }
    assert_eq!(
        passed,
        is_bucket_and_key(&value_of(bytes)),
        "the slow reader disagrees"
    );
    if passed { "passed" } else { "refused" }
}

fn copied(target: &str, name: &str, value: &[u8]) -> Option<Result<Facts, Malformed>> {
    let head = [
        format!("PUT {target} HTTP/1.1\r\nHost: obs.example.com\r\n{name}: ").as_bytes(),
        value,
        b"\r\n\r\n",
    ]
    .concat();
    let head = parse(&head)?;
    Some(classify(&head, arrival(Scheme::Http), &endpoints()).map(|classified| classified.facts))
}

/// What a header's value is to a reader of single-byte letters.
fn value_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Splits at the first slash, or else at the first one that is escaped.
fn is_bucket_and_key(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t']);
    let text = text.strip_prefix('/').unwrap_or(text);
    let parts = text.split_once('/').or_else(|| {
        let at = text.to_ascii_lowercase().find("%2f")?;
        let (bucket, rest) = text.split_at(at);
        Some((bucket, rest.split_at(3).1))
    });
    parts
        .is_some_and(|(bucket, key)| !bucket.is_empty() && !key.is_empty() && !key.starts_with("?versionId="))
}

const TARGETS: [&str; 2] = ["/b/t", "/b/t?partNumber=1&uploadId=u"];
