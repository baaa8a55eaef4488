//! Signature version 2, verified.

pub use crate::obs::sign::v2::{access_key_parameter, authorization, presign, scheme, string_to_sign};
pub(in crate::demo) use crate::obs::sign::v2::{is_subresource, prefix, sign};

use super::{Credentials, Signable, Unverified, first, pairs};
use crate::obs::dialect::Dialect;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Verifies a `Authorization: OBS …` or `AWS …` header's value.
///
/// # Errors
/// Why the signature does not hold.
pub fn verify_header(
    credentials: &Credentials,
    dialect: Dialect,
    request: &Signable<'_>,
    value: &str,
) -> Result<(), Unverified> {
    let (access_key, found) = value
        .strip_prefix(scheme(dialect))
        .and_then(|rest| rest.trim().split_once(':'))
        .ok_or(Unverified::Malformed)?;
    let expected = sign(credentials, &string_to_sign(dialect, request, None));
    credentials.judge(access_key, &expected, found)
}

/// Verifies a presigned URL; gives its deadline in Unix seconds.
///
/// # Errors
/// Why the signature does not hold.
pub fn verify_query(credentials: &Credentials, request: &Signable<'_>) -> Result<u64, Unverified> {
    let pairs = pairs(request.query);
    let parameter = |name| first(&pairs, name).ok_or(Unverified::Malformed);
    let (access_key, dialect) = Dialect::ALL
        .into_iter()
        .find_map(|dialect| Some((first(&pairs, access_key_parameter(dialect))?, dialect)))
        .ok_or(Unverified::Malformed)?;
    let (expires, found) = (parameter("Expires")?, parameter("Signature")?);
    let deadline = expires.parse().map_err(|_| Unverified::Malformed)?;
    let judge = |request: &Signable<'_>| {
        let expected = sign(credentials, &string_to_sign(dialect, request, Some(expires)));
        credentials.judge(access_key, &expected, found)
    };
    judge(request).or_else(|as_sent| {
        let headers = headers_in_query(dialect, request, &pairs).ok_or(as_sent)?;
        judge(&Signable {
            query: &without_headers(dialect, request.query),
            headers: &headers,
            ..*request
        })
    })?;
    Ok(deadline)
}

/// The request's headers as boto signs them before it moves them into the query; nothing when it has moved none.
fn headers_in_query(
    dialect: Dialect,
    request: &Signable<'_>,
    pairs: &[(String, Option<String>)],
) -> Option<HeaderMap> {
    let mut moved = pairs
        .iter()
        .filter(|(name, _)| is_header(dialect, name))
        .peekable();
    moved.peek()?;
    let mut headers = request.headers.clone();
    for (name, value) in moved {
        let name = HeaderName::try_from(name).ok()?;
        headers.append(name, HeaderValue::try_from(value.as_deref()?).ok()?);
    }
    Some(headers)
}

/// The query without the headers that were moved into it.
fn without_headers(dialect: Dialect, query: &str) -> String {
    let kept: Vec<_> = query
        .split('&')
        .filter(|pair| !is_header(dialect, pair.split('=').next().unwrap_or_default()))
        .collect();
    kept.join("&")
}

/// Whether a parameter is a header that was moved into the query: only `AWS` clients do so.
fn is_header(dialect: Dialect, name: &str) -> bool {
    dialect == Dialect::Amz
        && (name.starts_with(prefix(dialect)) || ["content-md5", "content-type"].contains(&name))
}
