//! The two dialects of the API, the native one (`x-obs-*`) and the S3-compatible one (`x-amz-*`), each a table of names.

use super::{names::Names, sse::Parameter};
use http::{header::AUTHORIZATION, request::Parts};

/// A dialect of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Native: `x-obs-*`.
    Obs,
    /// S3-compatible: `x-amz-*`.
    Amz,
}

/// What a name of a dialect means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Word {
    /// A parameter of server-side encryption.
    Sse(Parameter),
    /// The same in the other dialect's words, which no document prints in this one (rulings, 5).
    Mirror(Parameter),
    /// The source of a copy.
    CopySource,
    /// A word the policy rests on indirectly: nothing may be mistaken for it.
    Guarded,
}

impl Word {
    /// The parameter of encryption it is, if it is one.
    pub(crate) const fn parameter(self) -> Option<Parameter> {
        match self {
            Self::Sse(parameter) | Self::Mirror(parameter) => Some(parameter),
            Self::CopySource | Self::Guarded => None,
        }
    }
}

impl Dialect {
    /// Both dialects.
    pub const ALL: [Self; 2] = [Self::Obs, Self::Amz];

    /// The word used in logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Obs => "obs",
            Self::Amz => "amz",
        }
    }

    /// The dialect to answer a head in that may be too ambiguous to classify (obs-facts §8).
    pub fn of(head: &Parts) -> Self {
        let amz = head.headers.iter().any(|(name, value)| {
            name.as_str().starts_with(Self::Amz.prefix())
                || (name == AUTHORIZATION && value.as_bytes().starts_with(b"AWS"))
        });
        let query = head.uri.query().unwrap_or_default();
        let amz = amz
            || query.split('&').any(|pair| {
                let starts = |with: &str| {
                    pair.get(..with.len())
                        .is_some_and(|start| start.eq_ignore_ascii_case(with))
                };
                starts(Self::Amz.prefix()) || starts("AWSAccessKeyId=")
            });
        if amz { Self::Amz } else { Self::Obs }
    }

    /// What every name of the dialect starts with, in lower case.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Obs => "x-obs-",
            Self::Amz => "x-amz-",
        }
    }

    /// The name of a parameter, as the documents of this dialect print it.
    pub fn spelling(self, parameter: Parameter) -> &'static str {
        let word = Word::Sse(parameter);
        self.table()
            .entries()
            .iter()
            .find(|(_, meaning)| *meaning == word)
            .map_or("", |(name, _)| name)
    }

    /// The dialect whose prefix a lower-case name has.
    pub(crate) fn by_prefix(name: &[u8]) -> Option<Self> {
        match name.first_chunk()? {
            b"x-obs-" => Some(Self::Obs),
            b"x-amz-" => Some(Self::Amz),
            _ => None,
        }
    }

    /// What a lower-case name of this dialect means.
    pub(crate) fn word(self, name: &[u8]) -> Option<Word> {
        self.table().get_likely(name).copied()
    }

    /// Whether a lower-case name is one of encryption or of a copy's source under another vendor's prefix, `x-<word>-`:
    /// some stores read these as they read `x-amz-`.
    pub(crate) fn is_foreign(name: &[u8]) -> bool {
        let Some(rest) = name.strip_prefix(b"x-") else {
            return false;
        };
        let tail = memchr::memchr(b'-', rest).and_then(|at| rest.get(at + 1..));
        tail.is_some_and(|tail| {
            matches!(AMZ.by_tail(tail), Some(word) if *word != Word::Guarded)
                && Self::by_prefix(name).is_none()
        })
    }

    /// Whether a name with a dialect's prefix is a header that signed links carry in the query, beside any operation.
    pub(crate) fn is_idle(name: &[u8]) -> bool {
        name.get(Self::Amz.prefix().len()..)
            .is_some_and(|tail| IDLE.get(tail).is_some())
    }

    /// All names of the dialect that mean something.
    pub(super) const fn words(self) -> &'static [(&'static str, Word)] {
        self.table().entries()
    }

    const fn table(self) -> &'static Names<Word> {
        match self {
            Self::Obs => &OBS,
            Self::Amz => &AMZ,
        }
    }
}

/// The native names.
static OBS: Names<Word> = Names::new(&[
    ("x-obs-date", Word::Guarded),
    ("x-obs-copy-source", Word::CopySource),
    ("x-obs-security-token", Word::Guarded),
    ("x-obs-content-sha256", Word::Guarded),
    ("x-obs-server-side-encryption", Word::Sse(Parameter::Method)),
    ("x-obs-sse-kms-key-project-id", Word::Sse(Parameter::Project)),
    (
        "x-obs-server-side-data-encryption",
        Word::Sse(Parameter::DataEncryption),
    ),
    (
        "x-obs-server-side-encryption-context",
        Word::Sse(Parameter::Context),
    ),
    (
        "x-obs-server-side-encryption-kms-key-id",
        Word::Sse(Parameter::KeyId),
    ),
    (
        "x-obs-server-side-encryption-customer-key",
        Word::Sse(Parameter::Key),
    ),
    (
        "x-obs-server-side-encryption-aws-kms-key-id",
        Word::Mirror(Parameter::KeyId),
    ),
    (
        "x-obs-server-side-encryption-customer-key-md5",
        Word::Sse(Parameter::KeyMd5),
    ),
    (
        "x-obs-server-side-encryption-bucket-key-enabled",
        Word::Sse(Parameter::BucketKey),
    ),
    (
        "x-obs-server-side-encryption-customer-algorithm",
        Word::Sse(Parameter::Algorithm),
    ),
    (
        "x-obs-copy-source-server-side-encryption-customer-key",
        Word::Sse(Parameter::SourceKey),
    ),
    (
        "x-obs-copy-source-server-side-encryption-customer-key-md5",
        Word::Sse(Parameter::SourceKeyMd5),
    ),
    (
        "x-obs-copy-source-server-side-encryption-customer-algorithm",
        Word::Sse(Parameter::SourceAlgorithm),
    ),
]);

/// The S3-compatible names.
static AMZ: Names<Word> = Names::new(&[
    ("x-amz-date", Word::Guarded),
    ("x-amz-copy-source", Word::CopySource),
    ("x-amz-security-token", Word::Guarded),
    ("x-amz-content-sha256", Word::Guarded),
    ("x-amz-server-side-encryption", Word::Sse(Parameter::Method)),
    ("x-amz-sse-kms-key-project-id", Word::Sse(Parameter::Project)),
    (
        "x-amz-server-side-data-encryption",
        Word::Sse(Parameter::DataEncryption),
    ),
    (
        "x-amz-server-side-encryption-context",
        Word::Sse(Parameter::Context),
    ),
    (
        "x-amz-server-side-encryption-kms-key-id",
        Word::Mirror(Parameter::KeyId),
    ),
    (
        "x-amz-server-side-encryption-customer-key",
        Word::Sse(Parameter::Key),
    ),
    (
        "x-amz-server-side-encryption-aws-kms-key-id",
        Word::Sse(Parameter::KeyId),
    ),
    (
        "x-amz-server-side-encryption-customer-key-md5",
        Word::Sse(Parameter::KeyMd5),
    ),
    (
        "x-amz-server-side-encryption-bucket-key-enabled",
        Word::Sse(Parameter::BucketKey),
    ),
    (
        "x-amz-server-side-encryption-customer-algorithm",
        Word::Sse(Parameter::Algorithm),
    ),
    (
        "x-amz-copy-source-server-side-encryption-customer-key",
        Word::Sse(Parameter::SourceKey),
    ),
    (
        "x-amz-copy-source-server-side-encryption-customer-key-md5",
        Word::Sse(Parameter::SourceKeyMd5),
    ),
    (
        "x-amz-copy-source-server-side-encryption-customer-algorithm",
        Word::Sse(Parameter::SourceAlgorithm),
    ),
]);

/// What SDKs sign with whatever they ask for, without the prefix: nothing rests on it.
static IDLE: Names<()> = Names::new(&[
    ("trailer", ()),
    ("user-agent", ()),
    ("checksum-mode", ()),
    ("checksum-sha1", ()),
    ("checksum-type", ()),
    ("request-payer", ()),
    ("checksum-crc32", ()),
    ("checksum-crc32c", ()),
    ("checksum-sha256", ()),
    ("checksum-algorithm", ()),
    ("checksum-crc64nvme", ()),
    ("expected-bucket-owner", ()),
    ("sdk-checksum-algorithm", ()),
    ("decoded-content-length", ()),
]);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn tails(dialect: Dialect) -> BTreeSet<&'static str> {
        dialect
            .table()
            .entries()
            .iter()
            .map(|(name, _)| name.strip_prefix(dialect.prefix()).unwrap())
            .collect()
    }

    #[test]
    fn every_name_is_unique_in_lower_case_and_has_its_dialects_prefix() {
        for dialect in Dialect::ALL {
            assert_eq!(tails(dialect).len(), dialect.table().entries().len());
            for (name, _) in dialect.table().entries() {
                assert_eq!(*name, name.to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn names_in_one_dialect_mirror_those_in_the_other() {
        assert_eq!(tails(Dialect::Obs), tails(Dialect::Amz));
        for (name, word) in OBS.entries() {
            let tail = name.strip_prefix("x-obs-").unwrap();
            let mirrored = Dialect::Amz.word(format!("x-amz-{tail}").as_bytes()).unwrap();
            assert_eq!(mirrored.parameter(), word.parameter());
        }
    }

    #[test]
    fn every_name_of_encryption_or_of_a_copy_is_known_under_another_prefix() {
        for (name, word) in AMZ.entries() {
            let tail = name.strip_prefix("x-amz-").unwrap();
            for vendor in ["goog", "dho", "rgw", "object", "container", "account", "x"] {
                let foreign = format!("x-{vendor}-{tail}");
                assert_eq!(
                    Dialect::is_foreign(foreign.as_bytes()),
                    *word != Word::Guarded,
                    "{foreign}"
                );
            }
            for other in [
                (*name).to_owned(),
                format!("x-obs-{tail}"),
                format!("x-goog-meta-{tail}"),
                format!("x-{tail}"),
                format!("y-goog-{tail}"),
            ] {
                assert!(!Dialect::is_foreign(other.as_bytes()), "{other}");
            }
        }
    }

    #[test]
    fn what_is_idle_means_nothing_in_either_dialect() {
        for (tail, ()) in IDLE.entries() {
            for dialect in Dialect::ALL {
                let name = format!("{}{tail}", dialect.prefix());
                assert!(Dialect::is_idle(name.as_bytes()), "{name}");
                assert_eq!(dialect.word(name.as_bytes()), None, "{name}");
            }
        }
    }

    #[test]
    fn every_parameter_has_a_spelling_in_both_dialects() {
        for parameter in Parameter::ALL {
            for dialect in Dialect::ALL {
                let name = dialect.spelling(parameter);
                assert_eq!(dialect.word(name.as_bytes()), Some(Word::Sse(parameter)));
            }
        }
    }
}
