//! What was read from a request, as it may be shown: no key, no signature.

use crate::{
    classify::{Classified, Teller},
    obs::{
        auth::Carrier,
        encryption::{Encryption, EncryptionSet},
        form::{Form, fields_of_encryption},
        operation::Operation,
        sse::{Counted, Evidence, Sighting, sightings},
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use zeroize::Zeroizing;

/// What was read from a request.
#[derive(Debug, Serialize)]
pub struct Reading {
    /// The operation.
    pub operation: &'static str,
    /// A second operation it is judged as.
    pub also: Option<&'static str>,
    /// The bucket.
    pub bucket: Option<String>,
    /// The key, as it came; a form's is in a field.
    pub key: Option<String>,
    /// The dialect it is answered in.
    pub dialect: &'static str,
    /// The transport.
    pub scheme: &'static str,
    /// The signature's version: `anonymous`, `v2`, `v4` or `unknown`.
    pub signature: &'static str,
    /// Where the signature sits.
    pub signed_in: Option<&'static str>,
    /// What the target may be encrypted with.
    pub target: Vec<&'static str>,
    /// What the source may be encrypted with, for a copy.
    pub source: Option<Vec<&'static str>>,
    /// The parameters of encryption, each with what it counted as.
    pub evidence: Vec<Seen>,
}

/// A parameter of encryption in the request.
#[derive(Debug, Serialize)]
pub struct Seen {
    /// Its name, as it came.
    pub name: String,
    /// Its value, unless it is a secret.
    pub value: String,
    /// Where it stands.
    pub place: &'static str,
    /// What it counted as.
    pub counted: &'static str,
}

impl Reading {
    pub(super) fn of(classified: &Classified<'_>, form: Option<&Form>) -> Self {
        let facts = classified.facts;
        let copies = matches!(facts.operation, Operation::CopyObject | Operation::UploadPartCopy);
        let counted: Vec<_> = classified.counted().collect();
        // Had it taken the default's place, nobody would have to tell.
        let beside = classified.target == Teller::BucketDefault
            && facts.also.is_some_and(|also| also.operation == facts.operation);
        let in_form = form.into_iter().flat_map(fields_of_encryption);
        let evidence = sightings(classified.head).chain(in_form).map(|one| {
            let in_head = || {
                let counted = counted.iter().find(|(parameter, ..)| *parameter == one.parameter);
                counted.map(|(.., counted)| *counted)
            };
            let counted = match one.carrier {
                Carrier::Form => Some(Evidence::counted_in_form(one.parameter)),
                Carrier::Header | Carrier::Query => in_head(),
            };
            Seen {
                name: one.name.to_owned(),
                value: shown(one),
                place: one.carrier.name(),
                counted: match counted {
                    Some(Counted::Target) if beside => BESIDE,
                    counted => counted.map_or("", counting),
                },
            }
        });
        let in_path = classified.resource.key.map(str::to_owned);
        let in_field = || form?.field("key").map(escaped);
        Self {
            operation: facts.operation.name(),
            also: facts.also.map(|also| also.operation.name()),
            bucket: classified.resource.bucket.map(str::to_owned),
            key: in_path.or_else(in_field),
            dialect: classified.dialect.name(),
            scheme: facts.scheme.name(),
            signature: facts.auth.name(),
            signed_in: classified.signed_in.map(Carrier::name),
            target: named(facts.target),
            source: copies.then(|| named(facts.source)),
            evidence: evidence.collect(),
        }
    }
}

/// The words for what something may be encrypted with.
pub(super) fn named(set: EncryptionSet) -> Vec<&'static str> {
    set.iter().map(Encryption::name).collect()
}

/// A value as it may be shown: of a secret, its length; a key's in bytes of the key.
fn shown(sighting: Sighting<'_>) -> String {
    let value: Vec<u8> = sighting.bytes().collect();
    if !sighting.parameter.is_secret() {
        return escaped(&value);
    }
    let value = Zeroizing::new(value);
    let decoded = STANDARD.decode(value.as_slice()).map(Zeroizing::new);
    let length = decoded.map_or(value.len(), |decoded| decoded.len());
    format!("<redacted, {length} bytes>")
}

fn escaped(value: &[u8]) -> String {
    String::from_utf8_lossy(value).escape_debug().to_string()
}

/// Of what only some stores read (rulings, 11).
const BESIDE: &str = "evidence of the target's encryption, beside the bucket's default: not every store that takes the signature reads it there";

const fn counting(counted: Counted) -> &'static str {
    match counted {
        Counted::Target => "evidence of the target's encryption",
        Counted::Source => "evidence of the source's encryption",
        Counted::AlsoPutObject => "not documented for this operation: judged as PutObject as well",
        Counted::CustomerKey => "not documented for this operation: counts as a customer key that came along",
        Counted::Ignored => {
            "ignored: not documented for this operation, which writes nothing; it is forwarded"
        }
    }
}
