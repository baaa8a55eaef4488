//! The query names that are spelled just as documented, of all families in one table: most names that mean something
//! are, and these need neither be folded nor asked for family by family.

use super::{
    dialect::{Dialect, Word},
    dictionary::{Dictionary, put},
    signature::{self, Field},
    sse::Parameter,
    subresource::{self, Subresource},
};

/// What a query name means that is spelled as documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelled {
    Subresource(&'static Subresource),
    /// A part of a signature.
    Signature(Field),
    /// A parameter of encryption.
    Sse(Dialect, Parameter),
    /// It says which part, version or list is wanted, or how it is answered, and nothing rests on it.
    Refining,
    /// It stands beside any operation, and nothing rests on it.
    Idle,
}

impl Spelled {
    /// The meaning of a name as it came.
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        NAMES.get(name).copied()
    }
}

static NAMES: Dictionary<Spelled, COUNT> = Dictionary::new(all());

/// The families' own tables, and the second spelling of an MD5.
const fn all() -> [Entry; COUNT] {
    let mut all = [("", Spelled::Idle); COUNT];
    let mut places = all.as_mut_slice();
    let mut subresources = subresource::all();
    while let [(_, one), rest @ ..] = subresources {
        places = put(places, one.name, Spelled::Subresource(one));
        subresources = rest;
    }
    let mut fields = signature::fields();
    while let [(_, field), rest @ ..] = fields {
        places = put(places, field.spelling(), Spelled::Signature(*field));
        fields = rest;
    }
    places = put_words(places, Dialect::Obs);
    places = put_words(places, Dialect::Amz);
    let mut refining = REFINING.as_slice();
    while let [name, rest @ ..] = refining {
        places = put(places, name, Spelled::Refining);
        refining = rest;
    }
    let mut idle = IDLE.as_slice();
    while let [name, rest @ ..] = idle {
        places = put(places, name, Spelled::Idle);
        idle = rest;
    }
    let mut md5s = MD5S.as_slice();
    while let [(name, dialect, parameter), rest @ ..] = md5s {
        places = put(places, name, Spelled::Sse(*dialect, *parameter));
        md5s = rest;
    }
    assert!(places.is_empty(), "every place is taken");
    all
}

const fn put_words(mut places: &mut [Entry], dialect: Dialect) -> &mut [Entry] {
    let mut words = dialect.words();
    while let [(name, word), rest @ ..] = words {
        if let Word::Sse(parameter) = word {
            places = put(places, name, Spelled::Sse(dialect, *parameter));
        }
        words = rest;
    }
    places
}

type Entry = (&'static str, Spelled);

/// What many requests have beside the names that mean something. Any name could stand here that means nothing, and none
/// has to.
const REFINING: [&str; 20] = [
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "key-marker",
    "list-type",
    "marker",
    "max-keys",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "prefix",
    "response-cache-control",
    "response-content-disposition",
    "response-content-type",
    "start-after",
    "upload-id-marker",
    "version-id-marker",
    "versionId",
    "versions",
];

/// A part of a signature that says nothing, and the name that SDKs have for an operation.
const IDLE: [&str; 2] = ["Expires", "x-id"];

/// The documents print these in this way too.
const MD5S: [(&str, Dialect, Parameter); 4] = [
    (
        "x-obs-server-side-encryption-customer-key-MD5",
        Dialect::Obs,
        Parameter::KeyMd5,
    ),
    (
        "x-amz-server-side-encryption-customer-key-MD5",
        Dialect::Amz,
        Parameter::KeyMd5,
    ),
    (
        "x-obs-copy-source-server-side-encryption-customer-key-MD5",
        Dialect::Obs,
        Parameter::SourceKeyMd5,
    ),
    (
        "x-amz-copy-source-server-side-encryption-customer-key-MD5",
        Dialect::Amz,
        Parameter::SourceKeyMd5,
    ),
];

const COUNT: usize = subresource::all().len()
    + signature::fields().len()
    + Dialect::ALL.len() * Parameter::ALL.len()
    + MD5S.len()
    + REFINING.len()
    + IDLE.len();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::obs::{
        fold::{Folded, is_printable},
        sse::is_documented,
        subresource::is_configuration,
    };
    use proptest::prelude::*;

    /// The meaning of a name, asked for family by family as it is for one that is not spelled as documented.
    fn by_family(name: &str) -> Option<Spelled> {
        let folded = Folded::query(name.as_bytes()).ok()??;
        let folded = folded.as_bytes();
        let dialect = Dialect::by_prefix(folded);
        let word = dialect.and_then(|dialect| dialect.word(folded));
        if let (Some(dialect), Some(Word::Sse(parameter))) = (dialect, word) {
            let exact = is_documented(name.as_bytes(), folded);
            return exact.then_some(Spelled::Sse(dialect, parameter));
        }
        let subresource = Subresource::of(folded).filter(|one| one.name == name);
        let field = signature::fields()
            .iter()
            .find(|(_, field)| field.spelling() == name);
        subresource
            .map(Spelled::Subresource)
            .or(field.map(|(_, field)| Spelled::Signature(*field)))
    }

    fn agrees(name: &str) {
        let spelled =
            Spelled::of(name.as_bytes()).filter(|one| !matches!(one, Spelled::Refining | Spelled::Idle));
        assert_eq!(spelled, by_family(name), "{name}");
    }

    fn names() -> impl Iterator<Item = &'static str> {
        NAMES.entries().iter().map(|(name, _)| *name)
    }

    #[test]
    fn every_name_is_found_and_means_what_its_family_says() {
        for (name, meaning) in NAMES.entries() {
            assert_eq!(Spelled::of(name.as_bytes()), Some(*meaning), "{name}");
            agrees(name);
        }
    }

    #[test]
    fn every_name_of_a_family_is_there() {
        let folded = [
            subresource::all()
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>(),
            signature::fields().iter().map(|(name, _)| *name).collect(),
        ];
        let words = Dialect::ALL.into_iter().flat_map(|dialect| {
            let words = dialect.words().iter();
            words
                .filter(|(_, word)| matches!(word, Word::Sse(_)))
                .map(|(name, _)| *name)
        });
        for name in folded.into_iter().flatten().chain(words) {
            assert!(names().any(|known| known.eq_ignore_ascii_case(name)), "{name}");
        }
    }

    #[test]
    fn what_is_idle_means_nothing_to_any_family_however_it_is_spelled() {
        for name in REFINING.into_iter().chain(IDLE) {
            let folded = Folded::query(name.as_bytes()).unwrap().unwrap();
            let folded = folded.as_bytes();
            assert!(is_printable(name.as_bytes()), "{name}");
            assert!(
                Subresource::of(folded).is_none() && !is_configuration(folded),
                "{name}"
            );
            assert!(
                Dialect::by_prefix(folded).is_none() && !Dialect::is_foreign(folded),
                "{name}"
            );
            assert!(!signature::Signatures::has_field(folded), "{name}");
        }
    }

    #[test]
    fn another_case_or_a_byte_more_or_less_is_another_name() {
        for name in names() {
            for at in 0..name.len() {
                for byte in [b'_', b'-', b'%', b'X', name.as_bytes()[at] ^ 0x20] {
                    let mut other = name.as_bytes().to_vec();
                    other[at] = byte;
                    agrees(str::from_utf8(&other).unwrap());
                    other.remove(at);
                    agrees(str::from_utf8(&other).unwrap());
                }
            }
            agrees(&format!("{name}x"));
        }
    }

    proptest! {
        #[test]
        fn any_name_means_what_its_family_says(name in "(x-(obs|amz|goog)-)?[a-zA-Z5_%-]{0,60}") {
            agrees(&name);
        }
    }
}
