//! Signature version 2, verified.

pub use crate::obs::sign::v2::{access_key_parameter, authorization, presign, scheme, string_to_sign};
pub(in crate::demo) use crate::obs::sign::v2::{is_subresource, sign};

use super::{Credentials, Signable, Unverified, first, pairs};
use crate::obs::dialect::Dialect;

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
    let expected = sign(credentials, &string_to_sign(dialect, request, Some(expires)));
    credentials.judge(access_key, &expected, found)?;
    Ok(deadline)
}
