//! Signature version 4, `AWS4-HMAC-SHA256` (obs-facts §3.5). OBS has no spelling of its own for it (§3.7).

use super::{Key, Signable, encoding};
use std::fmt::Write;
use time::{OffsetDateTime, macros::format_description};
use zeroize::Zeroizing;

/// The algorithm, and the word that opens the `Authorization` header.
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The payload hash of a request whose body is not signed.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The region when nobody names one, as in Huawei's SDKs.
pub const REGION: &str = "region";

/// The value of `Authorization`. The headers must hold `x-amz-date` and `x-amz-content-sha256`; signed are `Host`,
/// `Content-Type`, `Content-MD5` and all that starts with `x-amz-` or `x-obs-`.
pub fn authorization<'k>(key: impl Into<Key<'k>>, region: &str, request: &Signable<'_>) -> String {
    let key = key.into();
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
    let signature = scope.sign(key, &at, &text);
    let access_key = key.access_key;
    format!("{ALGORITHM} Credential={access_key}/{scope},SignedHeaders={signed},Signature={signature}")
}

/// The query of a presigned URL: the request's own, then the signature made `at`, good for `lifetime` seconds. Signed
/// are `Host` and all headers that start with `x-amz-` or `x-obs-`.
pub fn presign<'k>(
    key: impl Into<Key<'k>>,
    region: &str,
    request: &Signable<'_>,
    at: OffsetDateTime,
    lifetime: u32,
) -> String {
    let key = key.into();
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
            encoding::encode(format!("{}/{scope}", key.access_key).as_bytes()),
            encoding::encode(signed.as_bytes()),
        ),
    );
    let text = canonical_request(request, &canonical_query(&query), &signed, UNSIGNED_PAYLOAD);
    let signature = scope.sign(key, &at, &text);
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

/// A point in time as version 4 writes it: `20241015T072009Z`.
pub fn timestamp(at: OffsetDateTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    at.to_offset(time::UtcOffset::UTC)
        .format(format)
        .unwrap_or_default()
}

/// What a signing key is good for.
pub(crate) struct Scope<'r> {
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
    pub(crate) fn parse(credential: &'r str, at: &str) -> Option<(&'r str, Self)> {
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
                Some((access_key, Self { day, region }))
            }
            _ => None,
        }
    }

    fn key(&self, key: Key<'_>) -> Zeroizing<Vec<u8>> {
        let secret = [b"AWS4", key.secret_key.as_bytes()].concat();
        [self.day, self.region, "s3", "aws4_request"]
            .into_iter()
            .fold(Zeroizing::new(secret), |key, part| {
                encoding::hmac_sha256(&key, part.as_bytes())
            })
    }

    /// Signs a form's policy.
    pub(crate) fn sign_policy<'k>(&self, key: impl Into<Key<'k>>, policy: &str) -> String {
        encoding::hex(&encoding::hmac_sha256(&self.key(key.into()), policy.as_bytes()))
    }

    pub(crate) fn sign<'k>(&self, key: impl Into<Key<'k>>, at: &str, canonical_request: &str) -> String {
        let hash = encoding::sha256_hex(canonical_request.as_bytes());
        let text = format!("{ALGORITHM}\n{at}\n{self}\n{hash}");
        encoding::hex(&encoding::hmac_sha256(&self.key(key.into()), text.as_bytes()))
    }
}

impl std::fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/s3/aws4_request", self.day, self.region)
    }
}
