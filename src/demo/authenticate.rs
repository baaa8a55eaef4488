//! Who sent a request: its signature verified, and its age.

use super::{
    fault::Fault,
    request::Request,
    signature::{Credentials, sha256_hex, v2, v4},
};
use crate::obs::dialect::Dialect;
use time::{Duration, OffsetDateTime};

/// A request's sender, and what the signature says of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// Not signed.
    Anonymous,
    /// Signed with the origin's own key pair.
    Owner {
        /// The payload hash that was signed; version 4 alone.
        payload: Option<String>,
    },
}

impl Sender {
    /// Verifies a request's signature, wherever it sits.
    pub(super) fn of(request: &Request, credentials: &Credentials) -> Result<Self, Fault> {
        let header = request.header("authorization").filter(|value| !value.is_empty());
        let v2 = request.query("Signature").is_some();
        let v4 = request.query("X-Amz-Signature").is_some();
        match (header, v2, v4) {
            (None, false, false) => Ok(Self::Anonymous),
            (Some(value), false, false) => by_header(request, credentials, value),
            (None, true, false) => {
                let expires = v2::verify_query(credentials, &request.signable())?;
                let expires = i64::try_from(expires)
                    .ok()
                    .and_then(|expires| OffsetDateTime::from_unix_timestamp(expires).ok())
                    .ok_or(Fault::AccessDenied)?;
                if expires < request.at {
                    return Err(Fault::Expired);
                }
                Ok(Self::Owner { payload: None })
            }
            (None, false, true) => {
                let verified = v4::verify_query(credentials, &request.signable())?;
                let lifetime = verified.lifetime.unwrap_or_default();
                if !(1..=MAX_LIFETIME).contains(&lifetime) || verified.at > request.at + MAX_SKEW {
                    return Err(Fault::AccessDenied);
                }
                if verified.at + Duration::seconds(lifetime) < request.at {
                    return Err(Fault::Expired);
                }
                Ok(Self::Owner {
                    payload: Some(verified.payload),
                })
            }
            _ => Err(Fault::Argument("Only one auth mechanism allowed")),
        }
    }

    /// Whether the body is the one that was signed.
    pub(super) fn check_body(&self, body: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Owner { payload: Some(hash) } if is_hash(hash) && *hash != sha256_hex(body) => {
                Err(Fault::PayloadHash)
            }
            _ => Ok(()),
        }
    }

    /// Whether the body comes in signed chunks (`aws-chunked`).
    pub(super) fn sends_chunks(&self) -> bool {
        matches!(self, Self::Owner { payload: Some(hash) } if hash.starts_with("STREAMING-"))
    }
}

fn by_header(request: &Request, credentials: &Credentials, value: &str) -> Result<Sender, Fault> {
    let signable = request.signable();
    if value.starts_with(v4::ALGORITHM) {
        if request.header("x-amz-content-sha256").is_none() {
            return Err(Fault::MissingPayloadHash);
        }
        let verified = v4::verify_header(credentials, &signable, value)?;
        check_age(verified.at, request)?;
        return Ok(Sender::Owner {
            payload: Some(verified.payload),
        });
    }
    let scheme = value.split(' ').next().unwrap_or_default();
    let dialect = Dialect::ALL
        .into_iter()
        .find(|dialect| v2::scheme(*dialect) == scheme)
        .ok_or(Fault::AuthorizationScheme)?;
    v2::verify_header(credentials, dialect, &signable, value)?;
    let date = ["x-obs-date", "x-amz-date", "date"]
        .into_iter()
        .find_map(|name| request.header(name));
    let date = date
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .ok_or(Fault::AccessDenied)?;
    check_age(date.into(), request)?;
    Ok(Sender::Owner { payload: None })
}

fn check_age(at: OffsetDateTime, request: &Request) -> Result<(), Fault> {
    if (request.at - at).abs() > MAX_SKEW {
        return Err(Fault::Skewed);
    }
    Ok(())
}

fn is_hash(payload: &str) -> bool {
    payload != v4::UNSIGNED_PAYLOAD && !payload.starts_with("STREAMING-")
}

/// How far the clocks may differ (obs-facts §3.3).
const MAX_SKEW: Duration = Duration::minutes(15);

/// The longest a presigned URL of version 4 is good for, in seconds: a week.
const MAX_LIFETIME: i64 = 604_800;
