//! Customer keys that arrived in clear. A key that crossed the network unencrypted is burned, whatever becomes of its
//! request: it has to be found and replaced. So it is given a fingerprint, by which one key is the same key in every
//! place and spelling, and which tells nothing to whoever lacks the secret it is made with. The key's MD5, which
//! stands beside it in a request, would let anybody try keys against it.

use super::{auth::Carrier, bytes, fold::Folded, form::Field, pairs::pairs, recent::Recent};
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::request::Parts;
use std::fmt;
use zeroize::Zeroizing;

/// What fingerprints are made with. Never printed.
#[expect(missing_debug_implementations, reason = "it is a secret")]
pub struct FingerprintKey {
    secret: hmac::Key,
    recent: Recent,
}

/// Stands for a customer key: the first half of an HMAC-SHA-256, thirty-two hexadecimal digits where it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(u128);

/// A customer key that arrived in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Whether it is the key of a copy's source.
    pub source: bool,
    /// Where it stood.
    pub carrier: Carrier,
    /// Which key it is.
    pub fingerprint: Fingerprint,
}

impl FingerprintKey {
    /// One from a secret of at least 128 bits.
    pub fn new(secret: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let recent = Recent::new(half(&hmac::sign(&secret, RECENT)));
        Self { secret, recent }
    }

    /// The customer keys in a head, of the target and of the source, headers first. Names are read as loosely as any
    /// store might: in any case, with `_` for `-`, under any vendor's prefix.
    pub fn in_head<'h>(&'h self, head: &'h Parts) -> impl Iterator<Item = Exposed> + 'h {
        let headers = head.headers.iter().filter_map(|(name, value)| {
            let source = header_names_source(name.as_str().as_bytes())?;
            self.exposed(source, Carrier::Header, value.as_bytes())
        });
        let query = head.uri.query().into_iter().flat_map(pairs);
        let query = query.filter_map(|(name, value)| {
            let source = names_source(Folded::query(name).ok()??.as_bytes())?;
            // Of the size it can have at most: what a `Vec` leaves behind when it moves is not wiped.
            let mut decoded = Zeroizing::new(Vec::with_capacity(value.len()));
            decoded.extend(percent_encoding::percent_decode(value));
            self.exposed(source, Carrier::Query, &decoded)
        });
        headers.chain(query)
    }

    /// The customer keys among a form's fields.
    pub fn in_form<'f>(&self, fields: impl Iterator<Item = Field<'f>>) -> impl Iterator<Item = Exposed> {
        fields.filter_map(|field| {
            let source = names_source(Folded::header(field.name.as_bytes())?.as_bytes())?;
            self.exposed(source, Carrier::Form, field.value)
        })
    }

    fn exposed(&self, source: bool, carrier: Carrier, value: &[u8]) -> Option<Exposed> {
        let fingerprint = (!value.is_empty()).then(|| self.of(value))?;
        Some(Exposed {
            source,
            carrier,
            fingerprint,
        })
    }

    /// The fingerprint of what was sent for a key.
    pub(super) fn of(&self, value: &[u8]) -> Fingerprint {
        self.recent.of(value, || self.fingerprint(value))
    }

    /// Of the key's own bytes, of which what was sent should be the base64; or else of whatever was sent for a key.
    fn fingerprint(&self, value: &[u8]) -> Fingerprint {
        let mut key = Zeroizing::new(vec![0; value.len()]);
        let length = STANDARD.decode_slice(value, &mut key).ok();
        let decoded = length.and_then(|length| key.get(..length));
        let (kind, bytes) = decoded.map_or((AS_SENT, value), |key| (DECODED, key));
        let mut context = hmac::Context::with_key(&self.secret);
        context.update(kind);
        context.update(bytes);
        Fingerprint(u128::from_be_bytes(half(&context.sign())))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

fn half(tag: &hmac::Tag) -> [u8; 16] {
    tag.as_ref().first_chunk().copied().unwrap_or_default()
}

/// Whether a folded name is that of a customer key, and if so, whether of a source's.
fn names_source(folded: &[u8]) -> Option<bool> {
    let before = folded.strip_suffix(b"server-side-encryption-customer-key")?;
    before
        .starts_with(b"x-")
        .then(|| before.ends_with(b"copy-source-"))
}

/// The same of a header's name, which is in lower case: mostly there is nothing to fold.
fn header_names_source(name: &[u8]) -> Option<bool> {
    // The end of a name, which nothing folds, tells most apart.
    if !name.ends_with(b"key") {
        None
    } else if bytes::has(name, b'_') || bytes::has(name, b'+') {
        names_source(Folded::header(name)?.as_bytes())
    } else {
        names_source(name)
    }
}

// What is hashed before the bytes, so that no fingerprint of one kind is one of another.
const DECODED: &[u8] = b"customer key\0";
const AS_SENT: &[u8] = b"customer key, not base64\0";
/// What makes a secret of its own, for what is kept of the last fingerprints.
const RECENT: &[u8] = b"recent\0";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::obs::{dialect::Dialect, sse::Parameter};

    const KEY: &str = "K7QkYpBkM5+hca27fsNkUnNVaobncnLht/rCB2o/9Cw=";

    fn head(target: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn keys(secret: &[u8], target: &str, headers: &[(&str, &str)]) -> Vec<Exposed> {
        FingerprintKey::new(secret)
            .in_head(&head(target, headers))
            .collect()
    }

    #[test]
    fn the_keys_of_both_dialects_are_found_and_nothing_else_of_theirs() {
        for dialect in Dialect::ALL {
            for parameter in Parameter::ALL {
                let name = dialect.spelling(parameter);
                let found = keys(b"s", "/", &[(name, KEY)]);
                let in_query = keys(b"s", &format!("/?{name}={KEY}"), &[]);
                let expected = match parameter {
                    Parameter::Key => Some(false),
                    Parameter::SourceKey => Some(true),
                    _ => None,
                };
                for (found, carrier) in [(found, Carrier::Header), (in_query, Carrier::Query)] {
                    let found: Vec<_> = found.iter().map(|one| (one.source, one.carrier)).collect();
                    let expected: Vec<_> = expected.into_iter().map(|source| (source, carrier)).collect();
                    assert_eq!(found, expected, "{name}");
                }
            }
        }
    }

    #[test]
    fn a_key_is_found_under_every_name_that_some_store_would_read() {
        for name in [
            "X-OBS-server-side-encryption-customer-key",
            "x_amz_server_side_encryption_customer_key",
            "x-goog-server-side-encryption-customer-key",
        ] {
            assert_eq!(keys(b"s", "/", &[(name, KEY)]).len(), 1, "{name}");
            assert_eq!(keys(b"s", &format!("/?a&{name}=k&b"), &[]).len(), 1, "{name}");
        }
        for name in [
            "x-amz-server-side-+encryption-customer-key",
            "+x_amz-server-side-encryption-customer-key",
        ] {
            assert_eq!(keys(b"s", "/", &[(name, KEY)]).len(), 1, "{name}");
        }
        let encoded = "/?x-obs-server-side-encryption-customer-ke%79=k";
        assert_eq!(keys(b"s", encoded, &[]).len(), 1);
    }

    #[test]
    fn one_key_has_one_fingerprint_in_every_place_and_another_has_another() {
        let name = "x-obs-server-side-encryption-customer-key";
        let source = "x-amz-copy-source-server-side-encryption-customer-key";
        let encoded = KEY.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
        let places = [
            keys(b"s", "/", &[(name, KEY)]),
            keys(b"s", "/", &[(source, KEY)]),
            keys(b"s", &format!("/?{name}={encoded}"), &[]),
            FingerprintKey::new(b"s")
                .in_form(
                    [Field {
                        name,
                        value: KEY.as_bytes(),
                    }]
                    .into_iter(),
                )
                .collect(),
        ];
        for place in &places {
            assert_eq!(place[0].fingerprint, places[0][0].fingerprint, "{place:?}");
        }
        let other = [
            keys(b"another", "/", &[(name, KEY)]),
            keys(b"s", "/", &[(name, "AAAA")]),
            keys(b"s", "/", &[(name, "k")]),
            keys(b"s", "/", &[(name, "not base64")]),
        ];
        for one in other.iter().flatten() {
            assert_ne!(one.fingerprint, places[0][0].fingerprint);
        }
        assert_eq!(keys(b"s", "/", &[(name, "")]), [], "nothing was exposed");
    }

    #[test]
    fn a_fingerprint_is_written_whole_and_is_neither_the_key_nor_its_md5() {
        let found = keys(b"s", "/", &[("x-obs-server-side-encryption-customer-key", KEY)]);
        let written = found[0].fingerprint.to_string();
        assert_eq!(written.len(), 32);
        assert_eq!(Fingerprint(1).to_string(), format!("{:0>32}", 1));
        let md5 = "1c7652adf64cb52ebd1428ffc4df29a6";
        assert!(!KEY.contains(&written) && written != md5);
    }
}
