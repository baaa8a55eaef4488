//! Server-side encryption as the origin knows it: what a request asks for, what an object has, what an answer says
//! (obs-facts §4, §6, §7).

use super::{fault::Fault, reply::Reply, request::Request, signature::md5, xml};
use crate::obs::dialect::Dialect;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

/// How an object is said to be encrypted.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) enum Sse {
    #[default]
    None,
    Obs,
    Kms(Kms),
    /// With a customer's key, of which only the MD5 in base64 is kept.
    Customer(String),
}

/// The key and algorithm of SSE-KMS.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Kms {
    key_id: Option<String>,
    sm4: bool,
}

impl Sse {
    /// What a request asks for its target.
    pub(super) fn requested(request: &Request) -> Result<Option<Self>, Fault> {
        Self::read(|tail| request.parameter(tail).map(str::to_owned))
    }

    /// The customer key a copy's source is read with.
    pub(super) fn of_source(request: &Request) -> Result<Option<Self>, Fault> {
        customer(|tail| {
            request
                .parameter(&format!("copy-source-{tail}"))
                .map(str::to_owned)
        })
    }

    /// Reads parameters, each by what follows the dialect's prefix.
    pub(super) fn read(parameter: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Fault> {
        let customer = customer(&parameter)?;
        let key_id = parameter("server-side-encryption-kms-key-id")
            .or_else(|| parameter("server-side-encryption-aws-kms-key-id"));
        let Some(method) = parameter("server-side-encryption") else {
            if key_id.is_some() {
                return Err(Fault::Argument(
                    "Server Side Encryption with KMS managed key requires the encryption method kms",
                ));
            }
            return Ok(customer);
        };
        if customer.is_some() {
            return Err(Fault::Argument(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
            ));
        }
        let sm4 = match parameter("server-side-data-encryption").as_deref() {
            None | Some("AES256") => false,
            Some("SM4") => true,
            Some(_) => return Err(Fault::EncryptionAlgorithm),
        };
        Self::named(&method, key_id, sm4).map(Some)
    }

    fn named(method: &str, key_id: Option<String>, sm4: bool) -> Result<Self, Fault> {
        match method {
            "kms" | "aws:kms" => Ok(Self::Kms(Kms { key_id, sm4 })),
            "AES256" | "aws:AES256" | "obs" => Ok(Self::Obs),
            _ => Err(Fault::Argument(
                "The encryption method specified is not supported",
            )),
        }
    }

    /// Whether what is encrypted so may be read, or added to, with the customer key that came along.
    pub(super) fn open_with(&self, key: Option<&Self>) -> Result<(), Fault> {
        match (self, key) {
            (Self::Customer(_), None) => Err(Fault::CustomerKeyMissing),
            (Self::Customer(mine), Some(Self::Customer(other))) if mine != other => {
                Err(Fault::CustomerKeyWrong)
            }
            (Self::Customer(_), Some(_)) | (_, None) => Ok(()),
            (_, Some(Self::Customer(_))) => Err(Fault::CustomerKeyForNothing),
            (_, Some(_)) => Ok(()),
        }
    }

    /// Says it in the headers of an answer.
    pub(super) fn tell(&self, dialect: Dialect, reply: Reply) -> Reply {
        let method = "server-side-encryption";
        match self {
            Self::None => reply,
            Self::Obs => reply.with_extension(dialect, method, "AES256"),
            Self::Kms(kms) => {
                let reply = match dialect {
                    Dialect::Obs => reply.with_extension(dialect, method, "kms").with_extension(
                        dialect,
                        "server-side-encryption-kms-key-id",
                        kms.full_key_id(""),
                    ),
                    Dialect::Amz => reply.with_extension(dialect, method, "aws:kms").with_extension(
                        dialect,
                        "server-side-encryption-aws-kms-key-id",
                        kms.full_key_id("arn:aws:kms:"),
                    ),
                };
                if kms.sm4 {
                    return reply.with_extension(dialect, "server-side-data-encryption", "SM4");
                }
                reply
            }
            Self::Customer(md5) => reply
                .with_extension(dialect, "server-side-encryption-customer-algorithm", "AES256")
                .with_extension(dialect, "server-side-encryption-customer-key-MD5", md5),
        }
    }

    /// Reads a bucket's default.
    pub(super) fn from_configuration(document: &[u8]) -> Result<Self, Fault> {
        let rule = xml::read::<Configuration>(document)?.rule.apply;
        let sm4 = rule.data.as_deref() == Some("SM4");
        Self::named(&rule.algorithm, rule.key_id, sm4)
    }

    /// Writes a bucket's default; nothing when there is none.
    pub(super) fn to_configuration(&self, dialect: Dialect) -> Option<Reply> {
        let mut content = String::new();
        match self {
            Self::None | Self::Customer(_) => return None,
            Self::Obs => content += &xml::text("SSEAlgorithm", "AES256"),
            Self::Kms(kms) => {
                let algorithm = if dialect == Dialect::Amz { "aws:kms" } else { "kms" };
                content += &xml::text("SSEAlgorithm", algorithm);
                if kms.sm4 {
                    content += &xml::text("KMSDataEncryption", "SM4");
                }
                if let Some(key_id) = &kms.key_id {
                    content += &xml::text("KMSMasterKeyID", key_id);
                }
            }
        }
        let rule = xml::element(
            "Rule",
            xml::element("ApplyServerSideEncryptionByDefault", content),
        );
        Some(Reply::xml("ServerSideEncryptionConfiguration", rule))
    }
}

impl Kms {
    /// `region:domain:key/id`, whichever of its forms came.
    fn full_key_id(&self, prefix: &str) -> String {
        let id = self.key_id.as_deref().unwrap_or(DEFAULT_KEY_ID);
        let id = id.strip_prefix("arn:aws:kms:").unwrap_or(id);
        if id.contains(":key/") {
            format!("{prefix}{id}")
        } else {
            format!("{prefix}{KEY_OWNER}:key/{id}")
        }
    }
}

/// Reads an SSE-C trio, which is whole or not there.
fn customer(parameter: impl Fn(&str) -> Option<String>) -> Result<Option<Sse>, Fault> {
    let part = |tail: &str| parameter(&format!("server-side-encryption-customer-{tail}"));
    let (algorithm, key, digest) = (part("algorithm"), part("key"), part("key-MD5"));
    if algorithm.is_none() && key.is_none() && digest.is_none() {
        return Ok(None);
    }
    let missing = |text| Fault::Argument(text);
    let algorithm = algorithm.ok_or(missing(
        "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.",
    ))?;
    if algorithm != "AES256" {
        return Err(Fault::EncryptionAlgorithm);
    }
    let key = key.ok_or(missing(
        "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.",
    ))?;
    let digest = digest.ok_or(missing(
        "Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 \
         of the secret key.",
    ))?;
    let key = BASE64_STANDARD.decode(key).ok().filter(|key| key.len() == 32);
    let key = key.ok_or(Fault::Argument(
        "The secret key was invalid for the specified algorithm.",
    ))?;
    if BASE64_STANDARD.encode(md5(&key)) != digest {
        return Err(Fault::Argument(
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ));
    }
    Ok(Some(Sse::Customer(digest)))
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(rename = "Rule")]
    rule: Rule,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "ApplyServerSideEncryptionByDefault")]
    apply: Apply,
}

#[derive(Deserialize)]
struct Apply {
    #[serde(rename = "SSEAlgorithm")]
    algorithm: String,
    #[serde(rename = "KMSDataEncryption")]
    data: Option<String>,
    #[serde(rename = "KMSMasterKeyID")]
    key_id: Option<String>,
}

const KEY_OWNER: &str = "demo-region:0123456789abcdef0123456789abcdef";

const DEFAULT_KEY_ID: &str = "00000000-0000-4000-8000-00000000demo";
