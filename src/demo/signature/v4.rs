//! Signature version 4, `AWS4-HMAC-SHA256` (obs-facts §3.5). OBS has no spelling of its own for it (§3.7).

use super::{Credentials, Signable, Unverified, encoding};
use std::fmt::Write;
use time::{OffsetDateTime, PrimitiveDateTime, macros::format_description};

/// The algorithm, and the word that opens the `Authorization` header.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The payload hash of a request whose body is not signed.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The region when nobody names one, as in Huawei's SDKs.
pub const REGION: &str = "region";

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

/// The value of `Authorization`. The headers must hold `x-amz-date` and `x-amz-content-sha256`; signed are `Host`,
/// `Content-Type`, `Content-MD5` and all that starts with `x-amz-` or `x-obs-`.
pub fn authorization(credentials: &Credentials, region: &str, request: &Signable<'_>) -> String {
    let mut signed = vec!["host"];
    signed.extend(
        ["content-md5", "content-type"]
            .into_iter()
            .filter(|name| request.headers.contains_key(*name)),
    );
    signed.extend(request.headers_with("x-amz-"));
    signed.extend(request.headers_with("x-obs-"));
    signed.sort_unstable();
    let signed = signed.join(";");
    let at = request.header("x-amz-date").unwrap_or_default();
    let payload = request.header("x-amz-content-sha256").unwrap_or_default();
    let scope = Scope::of(&at, region);
    let text = canonical_request(request, &canonical_query(request.query), &signed, &payload);
    let signature = scope.sign(credentials, &at, &text);
    let key = &credentials.access_key;
    format!("{ALGORITHM} Credential={key}/{scope},SignedHeaders={signed},Signature={signature}")
}

/// The query of a presigned URL: the request's own, then the signature made `at`, good for `lifetime` seconds. Signed
/// are `Host` and all headers that start with `x-amz-` or `x-obs-`.
pub fn presign(
    credentials: &Credentials,
    region: &str,
    request: &Signable<'_>,
    at: OffsetDateTime,
    lifetime: u32,
) -> String {
    let at = timestamp(at);
    let scope = Scope::of(&at, region);
    let mut signed = vec!["host"];
    signed.extend(request.headers_with("x-amz-"));
    signed.extend(request.headers_with("x-obs-"));
    let signed = signed.join(";");
    let query = encoding::append(
        request.query,
        &format!(
            "X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={}&X-Amz-Date={at}&X-Amz-Expires={lifetime}&X-Amz-SignedHeaders={}",
            encoding::encode(format!("{}/{scope}", credentials.access_key).as_bytes()),
            encoding::encode(signed.as_bytes()),
        ),
    );
    let text = canonical_request(request, &canonical_query(&query), &signed, UNSIGNED_PAYLOAD);
    let signature = scope.sign(credentials, &at, &text);
    format!("{query}&X-Amz-Signature={signature}")
}

/// The canonical request: `query` is canonical already, `signed` the list of signed headers.
pub fn canonical_request(request: &Signable<'_>, query: &str, signed: &str, payload: &str) -> String {
    let mut text = format!("{}\n{}\n{query}\n", request.method, request.path);
    for name in signed.split(';') {
        let value = match request.header(name) {
            None if name == "host" => request.host.to_owned(),
            value => value.unwrap_or_default(),
        };
        let _ = writeln!(text, "{name}:{value}");
    }
    let _ = write!(text, "\n{signed}\n{payload}");
    text
}

/// The query in canonical form: every pair encoded anew and sorted, without the signature itself.
pub fn canonical_query(query: &str) -> String {
    let recode = |raw| encoding::encode(&encoding::decode(raw));
    let mut pairs: Vec<_> = encoding::raw_pairs(query)
        .map(|(name, value)| (recode(name), recode(value.unwrap_or_default())))
        .filter(|(name, _)| !name.eq_ignore_ascii_case("X-Amz-Signature"))
        .collect();
    pairs.sort();
    let pairs: Vec<_> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
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
    let pairs = encoding::pairs(request.query);
    let parameter = |name| encoding::first(&pairs, name).ok_or(Unverified::Malformed);
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

/// A point in time as version 4 writes it: `20241015T072009Z`.
pub fn timestamp(at: OffsetDateTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    at.to_offset(time::UtcOffset::UTC)
        .format(format)
        .unwrap_or_default()
}

/// Verifies a form's policy, signed with the key of `credential` and the date `at`.
pub(super) fn verify_policy(
    credentials: &Credentials,
    credential: &str,
    at: &str,
    policy: &str,
    signature: &str,
) -> Result<(), Unverified> {
    let (access_key, scope) = Scope::parse(credential, at)?;
    let expected = encoding::hex(&encoding::hmac_sha256(&scope.key(credentials), policy.as_bytes()));
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
        let (access_key, scope) = Scope::parse(self.credential, self.at)?;
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

/// What a signing key is good for.
struct Scope<'r> {
    day: &'r str,
    region: &'r str,
}

impl<'r> Scope<'r> {
    fn of(at: &'r str, region: &'r str) -> Self {
        Self {
            day: at.split('T').next().unwrap_or_default(),
            region,
        }
    }

    /// Splits `<access key>/<day>/<region>/s3/aws4_request`.
    fn parse(credential: &'r str, at: &str) -> Result<(&'r str, Self), Unverified> {
        let mut parts = credential.split('/');
        match (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) {
            (Some(access_key), Some(day), Some(region), Some("s3"), Some("aws4_request"), None)
                if day.len() == 8 && at.starts_with(day) =>
            {
                Ok((access_key, Self { day, region }))
            }
            _ => Err(Unverified::Malformed),
        }
    }

    fn key(&self, credentials: &Credentials) -> Vec<u8> {
        let secret = format!("AWS4{}", credentials.secret_key);
        [self.day, self.region, "s3", "aws4_request"]
            .into_iter()
            .fold(secret.into_bytes(), |key, part| {
                encoding::hmac_sha256(&key, part.as_bytes())
            })
    }

    fn sign(&self, credentials: &Credentials, at: &str, canonical_request: &str) -> String {
        let hash = encoding::sha256_hex(canonical_request.as_bytes());
        let text = format!("{ALGORITHM}\n{at}\n{self}\n{hash}");
        encoding::hex(&encoding::hmac_sha256(&self.key(credentials), text.as_bytes()))
    }
}

impl std::fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/s3/aws4_request", self.day, self.region)
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
