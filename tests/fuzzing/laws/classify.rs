//! Classification: one request head, as the server hands it on.
//!
//! 1. No head makes it panic, nor what is asked of a classified one.
//! 2. Neither the order of the headers nor that of the query's parameters changes what is read, and a dialect's
//!    headers mean the same in the other's spelling, under a signature of that one.
//! 3. Over HTTPS no more is refused than over HTTP.
//! 4. What counts as signed by version 4 is so to a reader who only splits strings, and carries nothing else of a
//!    signature.
//! 5. However a reader decodes the path, merges its slashes and removes its dot segments, it finds the same bucket,
//!    and a key if there is one.

use super::{
    heads::{DOMAIN, arrival, endpoints, parse, strict},
    query::{decoded, folded},
};
use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};
use obsgate::{
    classify::{Classified, classify},
    obs::{auth::Auth, malformed::Malformed, scheme::Scheme},
    policy::{Decision, Facts},
};
use percent_encoding::percent_decode_str;
use std::str::FromStr as _;

/// The id of why it was refused, or what the policy says.
pub fn holds(bytes: &[u8]) -> &'static str {
    let Some(head) = parse(bytes) else {
        return "no head";
    };
    let read = over(&head, Scheme::Http);
    let facts = read.as_ref().ok().map(|classified| classified.facts);
    assert_the_order_does_not_matter(&head, facts);
    assert_the_dialect_does_not_matter(&head, facts);
    let classified = match read {
        Ok(classified) => classified,
        Err(malformed) => return malformed.id(),
    };
    let _ = (classified.defect(), format!("{classified:?}"));
    for (parameter, places, _) in classified.counted() {
        assert!(places.iter().count() > 0, "{parameter:?} was seen nowhere");
    }
    if classified.facts.auth == Auth::V4 {
        assert!(
            is_plainly_v4(&head),
            "version 4, and a plain reader finds none: {head:?}"
        );
    }
    assert_cleaning_keeps_bucket_and_key(&head, &classified);
    decided(&head, &classified)
}

fn over(head: &Parts, scheme: Scheme) -> Result<Classified<'_>, Malformed> {
    classify(head, arrival(scheme), &endpoints())
}

fn facts(head: &Parts) -> Option<Facts> {
    over(head, Scheme::Http).ok().map(|classified| classified.facts)
}

fn assert_the_order_does_not_matter(head: &Parts, expected: Option<Facts>) {
    let mut other = head.clone();
    other.headers = renamed(head, str::to_owned);
    assert_eq!(facts(&other), expected, "headers in another order: {other:?}");
    let Some((path, query)) = head
        .uri
        .path_and_query()
        .and_then(|target| target.as_str().split_once('?'))
    else {
        return;
    };
    let backwards: Vec<&str> = query.rsplit('&').collect();
    let target = format!("{path}?{}", backwards.join("&"));
    let mut other = head.clone();
    let mut parts = head.uri.clone().into_parts();
    parts.path_and_query = Some(target.parse().unwrap());
    other.uri = parts.try_into().unwrap();
    assert_eq!(facts(&other), expected, "parameters in another order: {other:?}");
}

/// The headers in the opposite order, under other names.
fn renamed(head: &Parts, rename: impl Fn(&str) -> String) -> HeaderMap {
    let mut all: Vec<_> = head.headers.iter().collect();
    all.reverse();
    let mut headers = HeaderMap::new();
    for (name, value) in all {
        headers.append(
            HeaderName::from_str(&rename(name.as_str())).unwrap(),
            value.clone(),
        );
    }
    headers
}

/// Whatever a header's dialect, a request whose signature is of that dialect too says the same. A signature in the query
/// has parameters beside it that are of its dialect: there only what no dialect settles is the same. What is refused is
/// the other of what is not.
fn assert_the_dialect_does_not_matter(head: &Parts, expected: Option<Facts>) {
    let Some(expected) = expected else { return };
    let mirrored = |name: &str| {
        let rest = |prefix| name.strip_prefix(prefix);
        match (rest("x-obs-"), rest("x-amz-")) {
            (Some(rest), _) => format!("x-amz-{rest}"),
            (_, Some(rest)) => format!("x-obs-{rest}"),
            _ => name.to_owned(),
        }
    };
    let mut other = head.clone();
    other.headers = renamed(head, mirrored);
    let (value, auth) = match expected.auth {
        Auth::ObsV2 => ("AWS AK:c2ln", Auth::AwsV2),
        Auth::AwsV2 | Auth::V4 => ("OBS AK:c2ln", Auth::ObsV2),
        Auth::Anonymous | Auth::Unknown => {
            assert_eq!(facts(&other), Some(expected), "in the other dialect: {other:?}");
            return;
        }
    };
    if let Some(signature) = other.headers.get_mut("authorization") {
        *signature = HeaderValue::from_static(value);
        let expected = Facts { auth, ..expected };
        assert_eq!(facts(&other), Some(expected), "in the other dialect: {other:?}");
    } else if let Some(got) = facts(&other) {
        let same = Facts {
            target: expected.target,
            also: expected.also,
            ..got
        };
        assert_eq!(same, expected, "in the other dialect: {other:?}");
    }
}

fn is_plainly_v4(head: &Parts) -> bool {
    let all: Vec<_> = head.headers.get_all("authorization").iter().collect();
    let query = head.uri.query().unwrap_or_default();
    let pairs: Vec<(&str, &str)> = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let of_signature: Vec<&(&str, &str)> = pairs
        .iter()
        .filter(|(name, _)| {
            let name = folded(&decoded(name).unwrap_or_default());
            SIGNATURE.iter().any(|known| known.eq_ignore_ascii_case(&name))
        })
        .collect();
    if head.headers.contains_key("x-auth-token") || head.headers.contains_key("x-storage-token") {
        return false;
    }
    let value = |name: &str| {
        let mut found = pairs.iter().filter(|(this, _)| *this == name);
        let value = found.next().and_then(|(_, value)| decoded(value));
        value.filter(|_| found.next().is_none())
    };
    match (&all[..], of_signature.len()) {
        ([one], 0) => one
            .to_str()
            .ok()
            .and_then(|value| value.strip_prefix("AWS4-HMAC-SHA256 "))
            .is_some_and(|list| {
                let one = |name: &str| {
                    let mut all = list
                        .split(',')
                        .filter_map(|one| one.trim().strip_prefix(name)?.strip_prefix('='));
                    all.next().filter(|_| all.next().is_none())
                };
                list.split(',').count() == 3
                    && one("Credential").is_some_and(is_credential)
                    && one("SignedHeaders").is_some_and(|list| !list.is_empty())
                    && one("Signature").is_some_and(is_signature)
            }),
        ([], 6) => {
            value("X-Amz-Algorithm").as_deref() == Some("AWS4-HMAC-SHA256")
                && value("X-Amz-Credential").as_deref().is_some_and(is_credential)
                && value("X-Amz-Date").is_some_and(|date| date.len() == 16)
                && value("X-Amz-Expires").is_some_and(|seconds| seconds.parse::<u32>().is_ok())
                && value("X-Amz-SignedHeaders").is_some_and(|list| !list.is_empty())
                && value("X-Amz-Signature").as_deref().is_some_and(is_signature)
        }
        _ => false,
    }
}

fn is_credential(value: &str) -> bool {
    let parts: Vec<&str> = value.split('/').collect();
    matches!(parts[..], [key, date, region, "s3", "aws4_request"]
        if !key.is_empty() && date.parse::<u32>().is_ok() && date.len() == 8 && !region.is_empty())
}

fn is_signature(value: &str) -> bool {
    value.len() == 64 && value.chars().all(|digit| digit.is_ascii_hexdigit())
}

fn assert_cleaning_keeps_bucket_and_key(head: &Parts, classified: &Classified<'_>) {
    let path = head.uri.path();
    let host = head
        .headers
        .get("host")
        .map(|host| host.to_str().unwrap().to_owned());
    let host = host.unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .map_or(host.as_str(), |(name, _)| name);
    let virtual_bucket = name
        .to_ascii_lowercase()
        .strip_suffix(DOMAIN)
        .and_then(|before| before.strip_suffix('.').map(str::to_owned))
        .or_else(|| name.eq_ignore_ascii_case(CUSTOM).then(|| name.to_owned()));
    let resource = classified.resource;
    if path == "*" {
        return;
    }
    for variant in 0..12 {
        let (first, rest) = cleaned(path, variant);
        let (bucket, key) = match &virtual_bucket {
            Some(bucket) => (bucket.clone(), [first, rest].concat()),
            None => (first, rest),
        };
        let told = resource.bucket.unwrap_or_default();
        assert_eq!(bucket, told, "variant {variant} of `{path}` at `{host}`");
        assert_eq!(
            key.is_empty(),
            resource.key.is_none(),
            "variant {variant} of `{path}` at `{host}`"
        );
    }
}

/// The first segment of a path and the rest, to a reader of one of twelve kinds: who decodes not at all, after or before
/// splitting; who merges slashes or does not; who drops parameters or does not.
fn cleaned(path: &str, variant: u8) -> (String, String) {
    let (merges, drops) = (variant & 1 == 1, variant & 2 == 2);
    let path = path.strip_prefix('/').unwrap();
    let split = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let all: Vec<String> = match variant / 4 {
        0 => split(path),
        1 => split(path).iter().map(|segment| leniently(segment)).collect(),
        _ => split(&leniently(path)),
    };
    let mut segments: Vec<&str> = Vec::new();
    let mut open = false;
    for segment in &all {
        let bare = segment.split(';').next().unwrap();
        let dots = if drops { bare } else { segment.as_str() };
        open = false;
        match dots {
            ".." => {
                segments.pop();
                open = true;
            }
            "." => open = true,
            "" if merges => open = true,
            _ => segments.push(segment.as_str()),
        }
    }
    if open && !segments.is_empty() {
        segments.push("");
    }
    let first = segments.first().copied().unwrap_or_default().to_owned();
    (first, segments.get(1..).unwrap_or_default().join("/"))
}

/// Decoded once, each byte a letter; what is no escape stays.
fn leniently(text: &str) -> String {
    percent_decode_str(text).map(char::from).collect()
}

fn decided(head: &Parts, classified: &Classified<'_>) -> &'static str {
    let policy = strict();
    let strictness = |facts| match policy.decide(facts) {
        Decision::Allow => 0,
        Decision::NeedsState(_) => 1,
        Decision::Deny(_) => 2,
    };
    let plain = strictness(classified.facts);
    if head.uri.scheme().is_none() {
        let secure = over(head, Scheme::Https).unwrap().facts;
        let expected = Facts {
            scheme: Scheme::Https,
            ..classified.facts
        };
        assert_eq!(secure, expected);
        assert!(strictness(secure) <= plain);
    }
    ["allowed", "in doubt", "refused"][plain]
}

const SIGNATURE: [&str; 10] = [
    "Signature",
    "AccessKeyId",
    "AWSAccessKeyId",
    "X-Auth-Token",
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
];

/// The one custom domain of [`endpoints`].
const CUSTOM: &str = "files.example.org";
