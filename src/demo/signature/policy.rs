//! Policies of forms (`PostObject`): who signed one, how long it is good, and whether the form keeps to it
//! (obs-facts §5).

use super::{Credentials, Unverified, v2, v4};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Fields of a form, by lower-case name.
pub type Fields = BTreeMap<String, String>;

/// Why a form is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The signature of the policy does not hold.
    Signature(Unverified),
    /// The policy is not base64 of the JSON it should be.
    Document,
    /// The policy is no longer good.
    Expired,
    /// The form does not keep to the policy, or holds a field that the policy does not speak of.
    Condition,
}

/// Verifies a form's signature and policy. Gives whether the form was signed at all.
///
/// # Errors
/// Why the form is refused.
pub fn verify(
    credentials: &Credentials,
    fields: &Fields,
    bucket: &str,
    size: usize,
    now: OffsetDateTime,
) -> Result<bool, Refused> {
    let Some(policy) = verify_signature(credentials, fields).map_err(Refused::Signature)? else {
        return Ok(false);
    };
    let document = BASE64_STANDARD
        .decode(policy.trim())
        .map_err(|_| Refused::Document)?;
    let document: Document = serde_json::from_slice(&document).map_err(|_| Refused::Document)?;
    let expiration = OffsetDateTime::parse(&document.expiration, &Rfc3339).map_err(|_| Refused::Document)?;
    if expiration < now {
        return Err(Refused::Expired);
    }
    document.check(fields, bucket, size)?;
    Ok(true)
}

/// The policy, if the form is signed; `token` goes before the single fields.
fn verify_signature(credentials: &Credentials, fields: &Fields) -> Result<Option<String>, Unverified> {
    let field = |name: &str| fields.get(name).map(String::as_str);
    if let Some(token) = field("token") {
        let mut parts = token.splitn(3, ':');
        return match (parts.next(), parts.next(), parts.next()) {
            (Some(access_key), Some(signature), Some(policy)) => {
                credentials.judge(access_key, &v2::sign(credentials, policy), signature)?;
                Ok(Some(policy.to_owned()))
            }
            _ => Err(Unverified::Malformed),
        };
    }
    let policy = field("policy");
    if let Some(signature) = field("x-amz-signature") {
        let policy = policy.ok_or(Unverified::Malformed)?;
        let (credential, at) = field("x-amz-credential")
            .zip(field("x-amz-date"))
            .ok_or(Unverified::Malformed)?;
        v4::verify_policy(credentials, credential, at, policy, signature)?;
        return Ok(Some(policy.to_owned()));
    }
    if let Some(signature) = field("signature") {
        let policy = policy.ok_or(Unverified::Malformed)?;
        let access_key = field("accesskeyid")
            .or_else(|| field("awsaccesskeyid"))
            .ok_or(Unverified::Malformed)?;
        credentials.judge(access_key, &v2::sign(credentials, policy), signature)?;
        return Ok(Some(policy.to_owned()));
    }
    Ok(None)
}

#[derive(Deserialize)]
struct Document {
    expiration: String,
    conditions: Vec<Value>,
}

impl Document {
    fn check(&self, fields: &Fields, bucket: &str, size: usize) -> Result<(), Refused> {
        let mut spoken_of = Vec::new();
        for condition in &self.conditions {
            if !holds(condition, fields, bucket, size, &mut spoken_of) {
                return Err(Refused::Condition);
            }
        }
        let free = |name: &str| FREE.contains(&name) || name.starts_with("x-ignore-");
        if fields.keys().all(|name| free(name) || spoken_of.contains(name)) {
            Ok(())
        } else {
            Err(Refused::Condition)
        }
    }
}

/// Whether one condition holds; notes the fields it speaks of.
fn holds(condition: &Value, fields: &Fields, bucket: &str, size: usize, spoken_of: &mut Vec<String>) -> bool {
    let value_of = |name: &str| match name {
        "bucket" => bucket.to_owned(),
        name => fields.get(name).cloned().unwrap_or_default(),
    };
    match condition {
        Value::Object(pairs) => pairs.iter().all(|(name, expected)| {
            let name = name.to_ascii_lowercase();
            let kept = expected.as_str() == Some(&value_of(&name));
            spoken_of.push(name);
            kept
        }),
        Value::Array(parts) => {
            let part = |n: usize| parts.get(n);
            let text = |n: usize| part(n).and_then(Value::as_str).unwrap_or_default();
            if text(0) == "content-length-range" {
                let bound = |n: usize| part(n).and_then(Value::as_u64);
                return bound(1)
                    .zip(bound(2))
                    .is_some_and(|(low, high)| (low..=high).contains(&(size as u64)));
            }
            let name = text(1).trim_start_matches('$').to_ascii_lowercase();
            let (value, expected) = (value_of(&name), text(2));
            spoken_of.push(name);
            match text(0) {
                "eq" => value == expected,
                "starts-with" => value.starts_with(expected),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Fields that no policy has to speak of.
const FREE: &[&str] = &[
    "accesskeyid",
    "awsaccesskeyid",
    "bucket",
    "file",
    "policy",
    "signature",
    "token",
    "x-amz-signature",
];
