//! A request as the origin reads it: which bucket and key, which dialect, which parameters.

use super::{
    fault::Fault,
    payload::Payload,
    signature::{Signable, pairs},
};
use crate::obs::dialect::Dialect;
use http::{HeaderMap, Method, header, request::Parts};
use percent_encoding::percent_decode_str;
use std::net::IpAddr;
use time::OffsetDateTime;

/// A request's head, read.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) dialect: Dialect,
    pub(super) bucket: Option<String>,
    pub(super) key: Option<String>,
    /// When it arrived.
    pub(super) at: OffsetDateTime,
    host: String,
    bucket_in_host: Option<String>,
    path: String,
    raw_query: String,
    query: Vec<(String, Option<String>)>,
}

/// A request with its body.
pub(super) struct Call {
    pub(super) request: Request,
    pub(super) body: Payload,
}

impl Request {
    pub(super) fn read(head: &Parts, domains: &[String], at: OffsetDateTime) -> Result<Self, Fault> {
        let host = head
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .ok_or(Fault::Host)?;
        let bucket_in_host = bucket_of(host, domains)?;
        let path = head.uri.path().to_owned();
        let names = path.strip_prefix('/').unwrap_or_default();
        let (bucket, key) = match &bucket_in_host {
            Some(bucket) => (bucket.as_str(), names),
            None => names.split_once('/').unwrap_or((names, "")),
        };
        let raw_query = head.uri.query().unwrap_or_default().to_owned();
        Ok(Self {
            method: head.method.clone(),
            headers: head.headers.clone(),
            dialect: dialect_of(head),
            bucket: decoded(bucket),
            key: decoded(key),
            at,
            host: host.to_owned(),
            query: pairs(&raw_query),
            bucket_in_host,
            path,
            raw_query,
        })
    }

    /// What a signature of this request covers.
    pub(super) fn signable(&self) -> Signable<'_> {
        Signable {
            method: self.method.as_str(),
            host: &self.host,
            bucket: self.bucket_in_host.as_deref(),
            path: &self.path,
            query: &self.raw_query,
            headers: &self.headers,
        }
    }

    /// The first value of a query parameter; empty when it has none.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// The names of all query parameters.
    pub(super) fn query_names(&self) -> impl Iterator<Item = &str> {
        self.query.iter().map(|(name, _)| name.as_str())
    }

    /// The first value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A parameter of either dialect, by what follows its prefix: from the headers, or from the query when the
    /// signature is there too (obs-facts §4.1).
    pub(super) fn parameter(&self, tail: &str) -> Option<&str> {
        let names = [format!("x-obs-{tail}"), format!("x-amz-{tail}")];
        names.iter().find_map(|name| self.header(name)).or_else(|| {
            let signed = self.query("Signature").or_else(|| self.query("X-Amz-Signature"));
            signed?;
            self.query
                .iter()
                .find(|(one, _)| names.iter().any(|name| name.eq_ignore_ascii_case(one)))
                .and_then(|(_, value)| value.as_deref())
        })
    }

    /// What an error names as its resource.
    pub(super) fn resource(&self) -> String {
        let part = |part: &Option<String>| part.as_ref().map(|part| format!("/{part}")).unwrap_or_default();
        format!("{}{}", part(&self.bucket), part(&self.key))
    }
}

/// The dialect to answer in: the one the request was made in (obs-facts §8).
pub(super) fn dialect_of(head: &Parts) -> Dialect {
    let query = pairs(head.uri.query().unwrap_or_default());
    let names = || {
        let headers = head.headers.keys().map(|name| name.as_str().to_owned());
        headers.chain(query.iter().map(|(name, _)| name.to_ascii_lowercase()))
    };
    let scheme = head
        .headers
        .get(header::AUTHORIZATION)
        .map(http::HeaderValue::as_bytes);
    if scheme.is_some_and(|value| value.starts_with(b"OBS")) || names().any(|name| name == "accesskeyid") {
        return Dialect::Obs;
    }
    if scheme.is_some_and(|value| value.starts_with(b"AWS"))
        || names().any(|name| name == "awsaccesskeyid" || name.starts_with("x-amz-"))
    {
        return Dialect::Amz;
    }
    Dialect::Obs
}

/// The bucket that a host names, if it names one.
fn bucket_of(host: &str, domains: &[String]) -> Result<Option<String>, Fault> {
    let host = host.to_ascii_lowercase();
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => &host,
    };
    let address = without_port.trim_start_matches('[').trim_end_matches(']');
    if address.parse::<IpAddr>().is_ok() || domains.iter().any(|domain| domain == without_port) {
        return Ok(None);
    }
    let bucket = domains
        .iter()
        .filter_map(|domain| without_port.strip_suffix(domain)?.strip_suffix('.'))
        .min_by_key(|bucket| bucket.len())
        .ok_or(Fault::Host)?;
    Ok(Some(bucket.to_owned()))
}

fn decoded(raw: &str) -> Option<String> {
    (!raw.is_empty()).then(|| percent_decode_str(raw).decode_utf8_lossy().into_owned())
}
