//! What the operator declares of buckets: what they encrypt with when an upload does not say (rulings, 21).

use super::{
    error::{BucketFault, Fault, choices},
    section::{Section, Source},
};
use crate::obs::{
    bucket_pattern::BucketPattern,
    encryption::{Encryption, EncryptionSet},
};
use toml::Spanned;

/// One `[[bucket]]`, as written.
pub(super) struct BucketTable {
    name: Option<Spanned<BucketPattern>>,
    default_encryption: Option<Encryption>,
}

impl BucketTable {
    pub(super) fn read(table: Section<'_>) -> Self {
        table.require(NAME, BucketPattern::ALLOWED);
        table.require(DEFAULT_ENCRYPTION, "`sse-kms`, `sse-obs` or `none`");
        let read = Self {
            name: table.parsed(NAME, BucketPattern::ALLOWED, |text| {
                BucketPattern::parse(text).ok()
            }),
            default_encryption: read_default(&table),
        };
        table.finish();
        read
    }
}

/// Notes what is declared twice, or once so and once so.
pub(super) fn resolve(tables: Vec<BucketTable>, source: &Source<'_>) -> Vec<(BucketPattern, EncryptionSet)> {
    let mut declared: Vec<(Spanned<BucketPattern>, Option<Encryption>)> = Vec::new();
    for BucketTable {
        name,
        default_encryption,
    } in tables
    {
        let Some(name) = name else { continue };
        let clash = declared
            .iter()
            .find_map(|(earlier, default)| clash(source, (earlier, *default), (&name, default_encryption)));
        if let Some(fault) = clash {
            source.report(name.span().start, fault);
        }
        declared.push((name, default_encryption));
    }
    declared
        .into_iter()
        .filter_map(|(name, default)| Some((name.into_inner(), EncryptionSet::only(default?))))
        .collect()
}

/// What is wrong with a declaration because of an earlier one. A default that could not be read contradicts nothing.
fn clash(
    source: &Source<'_>,
    (earlier, earlier_default): (&Spanned<BucketPattern>, Option<Encryption>),
    (name, default): (&Spanned<BucketPattern>, Option<Encryption>),
) -> Option<Fault> {
    let first = || source.place(earlier.span().start);
    let found = name.get_ref().to_string();
    if earlier.get_ref() == name.get_ref() {
        return Some(Fault::Repeated {
            setting: NAME,
            found,
            first: first(),
        });
    }
    let differ = earlier_default? != default?;
    (differ && earlier.get_ref().overlaps(name.get_ref())).then(|| {
        Fault::Bucket(BucketFault::Contradiction {
            found,
            other: earlier.get_ref().to_string(),
            first: first(),
        })
    })
}

fn read_default(table: &Section<'_>) -> Option<Encryption> {
    let found = table.string(DEFAULT_ENCRYPTION)?;
    let at = found.span().start;
    match Encryption::from_name(found.get_ref()) {
        Some(Encryption::SseC) => {
            table.report(at, Fault::Bucket(BucketFault::CustomerKey));
            None
        }
        None => {
            table.wrong_value(
                DEFAULT_ENCRYPTION,
                at,
                found.get_ref(),
                choices(&["sse-kms", "sse-obs", "none"]),
            );
            None
        }
        possible => possible,
    }
}

const NAME: &str = "name";
const DEFAULT_ENCRYPTION: &str = "default_encryption";
