//! Signature version 2: HMAC-SHA1 over method, date, prefixed headers and the resource (obs-facts §3.4).
//! `OBS` and `AWS` differ in nothing but the prefix of the headers that are signed.

use super::{Key, Signable, encoding};
use crate::obs::dialect::Dialect;
use base64::{Engine, prelude::BASE64_STANDARD};
use std::fmt::Write;

/// The value of `Authorization`. The headers must hold a date: `Date`, `x-obs-date` or `x-amz-date`.
pub fn authorization<'k>(key: impl Into<Key<'k>>, dialect: Dialect, request: &Signable<'_>) -> String {
    let key = key.into();
    let signature = sign(key, &string_to_sign(dialect, request, None));
    format!("{} {}:{signature}", scheme(dialect), key.access_key)
}

/// The query of a presigned URL: the request's own, then the signature, good until `expires` (Unix seconds).
pub fn presign<'k>(
    key: impl Into<Key<'k>>,
    dialect: Dialect,
    request: &Signable<'_>,
    expires: u64,
) -> String {
    let key = key.into();
    let signature = sign(key, &string_to_sign(dialect, request, Some(&expires.to_string())));
    let signature = format!(
        "{}={}&Expires={expires}&Signature={}",
        access_key_parameter(dialect),
        encoding::encode(key.access_key.as_bytes()),
        encoding::encode(signature.as_bytes()),
    );
    encoding::append(request.query, &signature)
}

/// The text that is signed. `expires` is the deadline of a presigned URL, as it stands in the query.
pub fn string_to_sign(dialect: Dialect, request: &Signable<'_>, expires: Option<&str>) -> String {
    let header = |name| request.header(name).unwrap_or_default();
    let date = match expires {
        Some(expires) => expires.to_owned(),
        None if request.headers.contains_key(format!("{}date", prefix(dialect))) => String::new(),
        None => header("date"),
    };
    let mut text = format!(
        "{}\n{}\n{}\n{date}\n",
        request.method,
        header("content-md5"),
        header("content-type"),
    );
    for name in request.headers_with(prefix(dialect)) {
        let _ = writeln!(text, "{name}:{}", header(name));
    }
    if let Some(bucket) = request.bucket {
        text.push('/');
        text.push_str(bucket);
    }
    text.push_str(request.path);
    text.push_str(&subresources(dialect, request.query));
    text
}

/// Signs a text, or a form's policy.
pub(crate) fn sign<'k>(key: impl Into<Key<'k>>, text: &str) -> String {
    BASE64_STANDARD.encode(encoding::hmac_sha1(
        key.into().secret_key.as_bytes(),
        text.as_bytes(),
    ))
}

/// The word that opens the `Authorization` header.
pub const fn scheme(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Obs => "OBS",
        Dialect::Amz => "AWS",
    }
}

/// The parameter that holds the access key in a presigned URL, and the field that holds it in a form.
pub const fn access_key_parameter(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Obs => "AccessKeyId",
        Dialect::Amz => "AWSAccessKeyId",
    }
}

/// Whether a parameter names a subresource, so that it is signed.
pub(crate) fn is_subresource(name: &str) -> bool {
    SUBRESOURCES.contains(&name.to_ascii_lowercase().as_str())
}

/// What the headers begin with that are signed.
pub(crate) const fn prefix(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Obs => "x-obs-",
        Dialect::Amz => "x-amz-",
    }
}

/// The signed part of the query: sorted, values decoded, with its question mark.
fn subresources(dialect: Dialect, query: &str) -> String {
    let mut signed: Vec<_> = encoding::pairs(query)
        .into_iter()
        .filter(|(name, _)| is_subresource(name) || name.to_ascii_lowercase().starts_with(prefix(dialect)))
        .collect();
    signed.sort();
    let signed: Vec<_> = signed
        .into_iter()
        .map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name,
        })
        .collect();
    if signed.is_empty() {
        return String::new();
    }
    format!("?{}", signed.join("&"))
}

/// Lower-case names of the API reference and the SDKs (obs-facts §1).
const SUBRESOURCES: &[&str] = &[
    "acl",
    "append",
    "attname",
    "backtosource",
    "bucketstatus",
    "cdnnotifyconfiguration",
    "cors",
    "customdomain",
    "delete",
    "deletebucket",
    "directcoldaccess",
    "dispolicy",
    "encryption",
    "fileinterface",
    "getcontentsummary",
    "inventory",
    "length",
    "legal-hold",
    "lifecycle",
    "listcontentsummary",
    "location",
    "logging",
    "metadata",
    "mirrorbacktosource",
    "modify",
    "multilistcontentsummary",
    "name",
    "notification",
    "object-lock",
    "obsalias",
    "obsbucketalias",
    "obscompresspolicy",
    "obsworkflowtriggerpolicy",
    "partnumber",
    "policy",
    "policystatus",
    "position",
    "publicaccessblock",
    "quota",
    "rename",
    "replication",
    "requestpayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "select",
    "select-type",
    "storageclass",
    "storageinfo",
    "storagepolicy",
    "symlink",
    "tagging",
    "torrent",
    "truncate",
    "uploadid",
    "uploads",
    "versionid",
    "versioning",
    "versions",
    "website",
    "x-image-process",
    "x-image-save-bucket",
    "x-image-save-object",
    "x-oss-process",
];
