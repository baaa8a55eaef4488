//! A request's head signed as a whole, for requests without a body.

use super::{Key, Signable, encoding::sha256_hex, v2, v4};
use crate::obs::dialect::Dialect;
use http::{
    HeaderName, HeaderValue,
    header::{AUTHORIZATION, DATE, HOST, InvalidHeaderValue},
    request::Parts,
};
use time::OffsetDateTime;

/// How a head is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version<'r> {
    /// Version 2, in the S3-compatible spelling, which every store knows.
    V2,
    /// Version 4.
    V4 {
        /// The region that the signature is for.
        region: &'r str,
    },
}

/// Adds to a head without a body what it takes to be signed, and the signature. `bucket` is the bucket that `Host`
/// names, if it does.
///
/// # Errors
/// The access key or the region has bytes that no header may have.
pub fn sign_head<'k>(
    head: &mut Parts,
    bucket: Option<&str>,
    key: impl Into<Key<'k>>,
    version: Version<'_>,
    at: OffsetDateTime,
) -> Result<(), InvalidHeaderValue> {
    match version {
        Version::V2 => {
            let date = HeaderValue::from_str(&httpdate::fmt_http_date(at.into()))?;
            head.headers.insert(DATE, date);
        }
        Version::V4 { .. } => {
            let date = HeaderValue::from_str(&v4::timestamp(at))?;
            head.headers.insert(X_AMZ_DATE, date);
            let payload = HeaderValue::from_str(&sha256_hex(&[]))?;
            head.headers.insert(X_AMZ_CONTENT_SHA256, payload);
        }
    }
    let request = Signable {
        method: head.method.as_str(),
        host: head
            .headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default(),
        bucket,
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        headers: &head.headers,
    };
    let signed = match version {
        Version::V2 => v2::authorization(key, Dialect::Amz, &request),
        Version::V4 { region } => v4::authorization(key, region, &request),
    };
    let mut signed = HeaderValue::from_str(&signed)?;
    signed.set_sensitive(true);
    head.headers.insert(AUTHORIZATION, signed);
    Ok(())
}

const X_AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const X_AMZ_CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
