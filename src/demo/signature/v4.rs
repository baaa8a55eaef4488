//! Signature version 4, verified.

pub use crate::obs::sign::v4::{
    ALGORITHM, REGION, UNSIGNED_PAYLOAD, authorization, canonical_query, canonical_request, presign,
    timestamp,
};

use super::{Credentials, Signable, Unverified, first, pairs};
use crate::obs::sign::v4::Scope;
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// A signature that holds, and what came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// When it was made.
    pub at: OffsetDateTime,
    /// How many seconds it is good for: presigned URLs alone.
    pub lifetime: Option<i64>,
    /// The payload hash that was signed.
    pub payload: String,
}

/// Verifies an `Authorization: AWS4-HMAC-SHA256 …` header's value. Whether the body has the payload hash is for the
/// caller to see.
///
/// # Errors
/// Why the signature does not hold.
pub fn verify_header(
    credentials: &Credentials,
    request: &Signable<'_>,
    value: &str,
) -> Result<Verified, Unverified> {
    let fields = value.strip_prefix(ALGORITHM).ok_or(Unverified::Malformed)?;
    let field = |name| {
        fields
            .split(',')
            .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
            .ok_or(Unverified::Malformed)
    };
    let at = match request.header("x-amz-date") {
        Some(at) => at,
        None => http_date(&request.header("date").ok_or(Unverified::Malformed)?)?,
    };
    let claim = Claim {
        credential: field("Credential")?,
        at: &at,
        signed: field("SignedHeaders")?,
        signature: field("Signature")?,
    };
    let payload = request
        .header("x-amz-content-sha256")
        .ok_or(Unverified::Malformed)?;
    claim.verify(credentials, request, &payload)?;
    Ok(Verified {
        at: parse_timestamp(&at)?,
        lifetime: None,
        payload,
    })
}

/// Verifies a presigned URL.
///
/// # Errors
/// Why the signature does not hold.
pub fn verify_query(credentials: &Credentials, request: &Signable<'_>) -> Result<Verified, Unverified> {
    let pairs = pairs(request.query);
    let parameter = |name| first(&pairs, name).ok_or(Unverified::Malformed);
    if parameter("X-Amz-Algorithm")? != ALGORITHM {
        return Err(Unverified::Malformed);
    }
    let claim = Claim {
        credential: parameter("X-Amz-Credential")?,
        at: parameter("X-Amz-Date")?,
        signed: parameter("X-Amz-SignedHeaders")?,
        signature: parameter("X-Amz-Signature")?,
    };
    let lifetime: i64 = parameter("X-Amz-Expires")?
        .parse()
        .map_err(|_| Unverified::Malformed)?;
    let payload = request
        .header("x-amz-content-sha256")
        .unwrap_or_else(|| UNSIGNED_PAYLOAD.to_owned());
    claim.verify(credentials, request, &payload)?;
    Ok(Verified {
        at: parse_timestamp(claim.at)?,
        lifetime: Some(lifetime),
        payload,
    })
}

/// Verifies a form's policy, signed with the key of `credential` and the date `at`.
pub(super) fn verify_policy(
    credentials: &Credentials,
    credential: &str,
    at: &str,
    policy: &str,
    signature: &str,
) -> Result<(), Unverified> {
    let (access_key, scope) = Scope::parse(credential, at).ok_or(Unverified::Malformed)?;
    let expected = scope.sign_policy(credentials, policy);
    credentials.judge(access_key, &expected, signature)
}

/// What a request says of its signature.
struct Claim<'r> {
    credential: &'r str,
    at: &'r str,
    signed: &'r str,
    signature: &'r str,
}

impl Claim<'_> {
    fn verify(
        &self,
        credentials: &Credentials,
        request: &Signable<'_>,
        payload: &str,
    ) -> Result<(), Unverified> {
        let (access_key, scope) = Scope::parse(self.credential, self.at).ok_or(Unverified::Malformed)?;
        let is_signed = |name: &str| self.signed.split(';').any(|one| one == name);
        if !is_signed("host") || !request.headers_with("x-amz-").into_iter().all(is_signed) {
            return Err(Unverified::UnsignedHeader);
        }
        let text = canonical_request(request, &canonical_query(request.query), self.signed, payload);
        credentials.judge(
            access_key,
            &scope.sign(credentials, self.at, &text),
            self.signature,
        )
    }
}

fn parse_timestamp(at: &str) -> Result<OffsetDateTime, Unverified> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    match PrimitiveDateTime::parse(at, format) {
        Ok(at) => Ok(at.assume_utc()),
        Err(_) => Err(Unverified::Malformed),
    }
}

fn http_date(date: &str) -> Result<String, Unverified> {
    match httpdate::parse_http_date(date) {
        Ok(at) => Ok(timestamp(at.into())),
        Err(_) => Err(Unverified::Malformed),
    }
}
