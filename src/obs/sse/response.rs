//! What the head of an answer tells of an object's encryption (obs-facts §7).

use super::{Parameter, method_value};
use crate::obs::{
    bytes,
    dialect::Dialect,
    encryption::{Encryption, EncryptionSet},
    fold::Folded,
};

/// What a field of an answer's head tells by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// A parameter of the object's encryption.
    Parameter(Parameter),
    /// It is a header of encryption to some: once its underscores are dashes, or under another vendor's prefix. Nobody
    /// documents it.
    Disguised,
}

impl Sign {
    /// Of a name in lower case; nothing for most.
    pub fn of(name: &[u8]) -> Option<Self> {
        if is_disguised(name) {
            return Some(Self::Disguised);
        }
        match Dialect::by_prefix(name) {
            Some(dialect) => dialect.word(name)?.parameter().map(Self::Parameter),
            None => Dialect::is_foreign(name).then_some(Self::Disguised),
        }
    }
}

/// What a 2xx answer tells: without any header of encryption the object is plain; a value that is not documented
/// narrows nothing and never means plain (rulings, 9 and 17). Headers that name several encryptions leave all of
/// them possible; so does one that is disguised. `signs` are all that it carries, with their values.
pub fn told_by<'a>(signs: impl Iterator<Item = (Sign, &'a [u8])>) -> EncryptionSet {
    let mut told: Option<EncryptionSet> = None;
    let mut algorithm_only = false;
    for (sign, value) in signs {
        let Sign::Parameter(parameter) = sign else {
            told = Some(EncryptionSet::ALL);
            continue;
        };
        let one = match parameter {
            Parameter::Method => method_value(value).map_or(EncryptionSet::ALL, EncryptionSet::only),
            Parameter::Algorithm | Parameter::Key | Parameter::KeyMd5 => {
                EncryptionSet::only(Encryption::SseC)
            }
            Parameter::KeyId | Parameter::Project | Parameter::BucketKey | Parameter::Context => {
                EncryptionSet::only(Encryption::SseKms)
            }
            // SM4 comes with KMS alone; AES256 beside the method, with any of the server's keys.
            Parameter::DataEncryption if value == b"AES256" => {
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
            match Dialect::by_prefix(folded) {
                Some(dialect) => dialect.word(folded).is_some(),
                None => Dialect::is_foreign(folded),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(headers: &[(&'static str, &'static str)]) -> String {
        let sign =
            |(name, value): &(&str, &'static str)| Some((Sign::of(name.as_bytes())?, value.as_bytes()));
        told_by(headers.iter().filter_map(sign)).to_string()
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
                &[("x-goog-server-side-encryption", "aws:kms")],
                "none|sse-c|sse-kms|sse-obs",
            ),
            (
                &[("x-rgw-server-side-encryption-customer-algorithm", "AES256")],
                "none|sse-c|sse-kms|sse-obs",
            ),
            (
                &[("x_goog_server_side_encryption", "aws:kms")],
                "none|sse-c|sse-kms|sse-obs",
            ),
            (
                &[
                    ("x-goog-meta-server-side-encryption", "aws:kms"),
                    ("x-goog-encryption-algorithm", "AES256"),
                ],
                "none",
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
