//! What the head of an answer tells of an object's encryption (obs-facts §7).

use super::{Parameter, method_value};
use crate::obs::{
    bytes,
    dialect::Dialect,
    encryption::{Encryption, EncryptionSet},
    fold::Folded,
};
use http::HeaderMap;

/// What a 2xx answer tells: without any header of encryption the object is plain; a value that is not documented
/// narrows nothing and never means plain (rulings, 9 and 17). Headers that name several encryptions leave all of
/// them possible; so does one that is a header of encryption once its underscores are dashes.
pub fn told_by(headers: &HeaderMap) -> EncryptionSet {
    let mut told: Option<EncryptionSet> = None;
    let mut algorithm_only = false;
    for (name, value) in headers {
        let name = name.as_str().as_bytes();
        // What is folded to a name of either dialect begins like one, but for what folding drops.
        if !matches!(name, [b'x' | b'+', ..]) {
            continue;
        }
        if is_disguised(name) {
            told = Some(EncryptionSet::ALL);
            continue;
        }
        let Some(parameter) = Dialect::by_prefix(name).and_then(|dialect| dialect.word(name)?.parameter())
        else {
            continue;
        };
        let one = match parameter {
            Parameter::Method => {
                method_value(value.as_bytes()).map_or(EncryptionSet::ALL, EncryptionSet::only)
            }
            Parameter::Algorithm | Parameter::Key | Parameter::KeyMd5 => {
                EncryptionSet::only(Encryption::SseC)
            }
            Parameter::KeyId | Parameter::Project | Parameter::BucketKey | Parameter::Context => {
                EncryptionSet::only(Encryption::SseKms)
            }
            // SM4 comes with KMS alone; AES256 beside the method, with any of the server's keys.
            Parameter::DataEncryption if value.as_bytes() == b"AES256" => {
                algorithm_only = true;
                continue;
            }
            Parameter::DataEncryption => EncryptionSet::only(Encryption::SseKms),
            Parameter::SourceAlgorithm | Parameter::SourceKey | Parameter::SourceKeyMd5 => continue,
        };
        told = Some(told.map_or(one, |told| told.union(one)));
    }
    match told {
        Some(told) => told,
        None if algorithm_only => EncryptionSet::ALL,
        None => EncryptionSet::only(Encryption::Plain),
    }
}

/// Whether a name speaks of encryption once its underscores are dashes.
fn is_disguised(name: &[u8]) -> bool {
    bytes::has(name, b'_')
        && Folded::header(name).is_some_and(|folded| {
            let folded = folded.as_bytes();
            Dialect::by_prefix(folded).is_some_and(|dialect| dialect.word(folded).is_some())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(headers: &[(&'static str, &'static str)]) -> String {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    http::HeaderName::from_static(name),
                    http::HeaderValue::from_static(value),
                )
            })
            .collect();
        told_by(&headers).to_string()
    }

    #[test]
    fn an_answer_tells_what_an_object_is_encrypted_with() {
        for (headers, expected) in [
            (&[][..], "none"),
            (&[("etag", "x"), ("x-obs-request-id", "1")], "none"),
            (&[("x-obs-server-side-encryption", "kms")], "sse-kms"),
            (
                &[
                    ("x-amz-server-side-encryption", "aws:kms"),
                    ("x-amz-server-side-encryption-aws-kms-key-id", "k"),
                ],
                "sse-kms",
            ),
            (
                &[
                    ("x-obs-server-side-encryption", "AES256"),
                    ("x-obs-server-side-data-encryption", "AES256"),
                ],
                "sse-obs",
            ),
            (
                &[("x-obs-server-side-encryption-customer-algorithm", "AES256")],
                "sse-c",
            ),
            (&[("x-obs-server-side-encryption-kms-key-id", "k")], "sse-kms"),
            (&[("x-obs-server-side-data-encryption", "SM4")], "sse-kms"),
            (
                &[("x-obs-server-side-data-encryption", "AES256")],
                "none|sse-c|sse-kms|sse-obs",
            ),
            (
                &[("x_amz_server_side_encryption", "aws:kms")],
                "none|sse-c|sse-kms|sse-obs",
            ),
            (
                &[("+x_amz-server-side-encryption", "aws:kms")],
                "none|sse-c|sse-kms|sse-obs",
            ),
            (
                &[("x-obs-server-side-encryption", "rot13")],
                "none|sse-c|sse-kms|sse-obs",
            ),
            (
                &[
                    ("x-obs-server-side-encryption", "AES256"),
                    ("x-amz-server-side-encryption", "aws:kms"),
                ],
                "sse-kms|sse-obs",
            ),
        ] {
            assert_eq!(told(headers), expected, "{headers:?}");
        }
    }
}
