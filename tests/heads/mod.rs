//! Request heads as bytes, read as the server reads them.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::panic,
    clippy::unwrap_used,
    reason = "every test file uses a part of this"
)]

use http::{HeaderName, HeaderValue, Method, Request, Version, request::Parts};
use obsgate::{
    classify::{Arrival, Classified, classify},
    obs::{
        encryption::Encryption,
        malformed::Malformed,
        operation::Operation,
        resource::{CustomDomains, Endpoints},
        scheme::Scheme,
    },
    policy::{Citation, Policy, Requirement, Rule, Scope, Settings},
};

pub(crate) const DOMAIN: &str = "obs.example.com";
pub(crate) const V4: &str = "AWS4-HMAC-SHA256 Credential=AK/20240101/region/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const V4_QUERY: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20240101%2Fregion%2Fs3%2Faws4_request&X-Amz-Date=20240101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Base64 of 32 bytes, and of their MD5.
pub(crate) const KEY: &str = "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=";
pub(crate) const KEY_MD5: &str = "HHZSrfZMtS69FCj/xN8ppg==";

pub(crate) const OBS_V2: (&str, &str) = ("Authorization", "OBS AK:c2ln");
pub(crate) const AWS_V2: (&str, &str) = ("Authorization", "AWS AK:c2ln");

/// A signature of the dialect that a name is spelled in.
pub(crate) fn signature_of(name: &str) -> (&'static str, &'static str) {
    if name.contains("obs") {
        OBS_V2
    } else {
        ("Authorization", V4)
    }
}

/// A head from its lines; `None` where the server would not let it through.
pub(crate) fn parse(bytes: &[u8]) -> Option<Parts> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    if !request.parse(bytes).ok()?.is_complete() {
        return None;
    }
    let mut built = Request::builder()
        .method(Method::from_bytes(request.method?.as_bytes()).ok()?)
        .uri(request.path?)
        .version(Version::HTTP_11);
    for header in request.headers.iter() {
        built = built.header(
            HeaderName::from_bytes(header.name.as_bytes()).ok()?,
            HeaderValue::from_bytes(header.value).ok()?,
        );
    }
    Some(built.body(()).ok()?.into_parts().0)
}

/// A head from a request line without its version, and headers. `Host` is the endpoint's where none is given.
pub(crate) fn head(line: &str, headers: &[(&str, &str)]) -> Parts {
    let mut text = format!("{line} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text.push_str("Host: obs.example.com\r\n");
    }
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    text.push_str("\r\n");
    parse(text.as_bytes()).unwrap_or_else(|| panic!("not a head: {text}"))
}

pub(crate) fn arrival(scheme: Scheme) -> Arrival {
    Arrival {
        scheme,
        peer: ([127, 0, 0, 1], 1).into(),
    }
}

pub(crate) fn endpoints() -> Endpoints {
    Endpoints {
        domains: vec![DOMAIN.into()],
        custom_domains: CustomDomains::Listed(vec!["files.example.org".into()]),
    }
}

/// Classifies a head that came over HTTP.
pub(crate) fn classified(parts: &Parts) -> Result<Classified<'_>, Malformed> {
    classify(parts, arrival(Scheme::Http), &endpoints())
}

/// What a request is refused as, if it is.
pub(crate) fn refusal(line: &str, headers: &[(&str, &str)]) -> Option<Malformed> {
    classified(&head(line, headers)).err()
}

/// The customer key's three headers, of the target or, with `copy-source-` before the tail, of the source.
pub(crate) fn trio(dialect: &str, of: &str) -> Vec<(String, String)> {
    let name = |tail: &str| format!("x-{dialect}-{of}server-side-encryption-customer-{tail}");
    vec![
        (name("algorithm"), "AES256".into()),
        (name("key"), KEY.into()),
        (name("key-MD5"), KEY_MD5.into()),
    ]
}

pub(crate) fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// The heads under `tests/data/heads`, by name.
pub(crate) fn corpus() -> Vec<(String, Parts)> {
    let mut heads: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/heads"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let parts = parse(&std::fs::read(&path).unwrap()).unwrap_or_else(|| panic!("{name} is no head"));
            (name, parts)
        })
        .collect();
    heads.sort_by(|(one, _), (other, _)| one.cmp(other));
    heads
}

/// A policy as strict as the union of the documents, made here so that it depends on no file.
pub(crate) fn strict() -> Policy {
    use Operation as Op;
    let secure = Requirement {
        https: true,
        v4: false,
    };
    let secure_v4 = Requirement {
        https: true,
        v4: true,
    };
    let mut rules = vec![rule("customer-key".into(), Scope::CustomerKey, secure)];
    for operation in [
        Op::PutObject,
        Op::PostObject,
        Op::AppendObject,
        Op::InitiateMultipartUpload,
        Op::UploadPart,
        Op::GetObject,
    ] {
        rules.push(row(operation, Encryption::SseC, secure));
        rules.push(row(operation, Encryption::SseKms, secure_v4));
    }
    rules.push(row(Op::HeadObject, Encryption::SseC, secure));
    rules.push(row(Op::CopyObject, Encryption::SseC, secure));
    rules.push(row(Op::CopyObject, Encryption::SseKms, secure_v4));
    rules.push(row(Op::CopyObject, Encryption::SseObs, secure));
    rules.push(row(Op::UploadPartCopy, Encryption::SseC, secure));
    Policy::compile(rules, Settings::default()).unwrap()
}

fn row(operation: Operation, target: Encryption, requirement: Requirement) -> Rule {
    rule(
        format!("{operation}.{target}"),
        Scope::Row {
            operation,
            source: None,
            target,
        },
        requirement,
    )
}

fn rule(name: String, scope: Scope, requirement: Requirement) -> Rule {
    let citation = Citation {
        document: "test".into(),
        table: "test".into(),
        row: 1,
        requirement,
    };
    Rule {
        name,
        scope,
        requirement,
        citations: vec![citation],
    }
}
