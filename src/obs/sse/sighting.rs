//! The parameters of encryption where they stand, read again for the few requests whose values matter.

use super::Parameter;
use crate::obs::{auth::Carrier, dialect::Dialect, fold::Folded, pairs::pairs};
use http::request::Parts;

/// One parameter where it stands. Its value may be a key, so there is no `Debug`.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "the value may be a customer key")]
pub struct Sighting<'h> {
    /// What it is.
    pub parameter: Parameter,
    /// Where it stands.
    pub carrier: Carrier,
    /// The dialect it is spelled in.
    pub dialect: Dialect,
    /// Its name, as it came.
    pub name: &'h str,
    pub(in crate::obs) raw: &'h [u8],
}

impl<'h> Sighting<'h> {
    /// The bytes of the value, decoded if it stood in the query; a broken escape stays as it is.
    pub fn bytes(self) -> impl Iterator<Item = u8> + use<'h> {
        let (plain, encoded) = match self.carrier {
            Carrier::Query => (&[][..], self.raw),
            Carrier::Header | Carrier::Form => (self.raw, &[][..]),
        };
        plain
            .iter()
            .copied()
            .chain(percent_encoding::percent_decode(encoded))
    }
}

/// Every parameter of encryption in a head, headers first.
pub fn sightings(head: &Parts) -> impl Iterator<Item = Sighting<'_>> {
    let headers = head.headers.iter().filter_map(|(name, value)| {
        let (dialect, parameter) = named(name.as_str().as_bytes())?;
        Some(Sighting {
            parameter,
            carrier: Carrier::Header,
            dialect,
            name: name.as_str(),
            raw: value.as_bytes(),
        })
    });
    let query = head
        .uri
        .query()
        .into_iter()
        .flat_map(pairs)
        .filter_map(|(name, value)| {
            let (dialect, parameter) = named(Folded::query(name).ok()??.as_bytes())?;
            Some(Sighting {
                parameter,
                carrier: Carrier::Query,
                dialect,
                // A part of a query is text as the whole is.
                name: str::from_utf8(name).ok()?,
                raw: value,
            })
        });
    headers.chain(query)
}

fn named(folded: &[u8]) -> Option<(Dialect, Parameter)> {
    let dialect = Dialect::by_prefix(folded)?;
    Some((dialect, dialect.word(folded)?.parameter()?))
}
