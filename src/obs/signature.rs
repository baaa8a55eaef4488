//! Which signature a request carries: evidence gathered from `Authorization` and the query, then weighed. Whether it
//! is valid is the store's business; here it only has to be complete, since V4 is what relaxes (rulings, 14).

use super::{
    auth::{Auth, Carrier},
    authorization::{ALGORITHM, by_authorization, parameter},
    bytes::has,
    credential::{
        after_access_key, after_credential, after_names, after_sha256, are_digits, is_base64,
        is_escaped_credential, is_plain_key, is_plain_name, is_timestamp, is_whole,
    },
    fold::Decoded,
    header::Header,
    malformed::Malformed,
    names::Names,
};

/// The traces of signatures in a head.
#[derive(Clone, Copy, Default)]
pub(crate) struct Signatures<'h> {
    authorization: Option<&'h [u8]>,
    token: bool,
    seen: u16,
    /// The values in the query, as they came, to be read once it is plain which signature they may be of.
    values: [Option<&'h [u8]>; FIELDS.entries().len()],
    /// Something is repeated, or spelled in a way that only some would read.
    doubtful: bool,
    signs_forwarded: bool,
}

impl<'h> Signatures<'h> {
    /// Notes an `Authorization` header; a second one is refused.
    pub(crate) fn header(&mut self, value: &'h [u8]) -> Result<(), Malformed> {
        match self.authorization.replace(value) {
            Some(_) => Err(Malformed::Signatures),
            None => Ok(()),
        }
    }

    /// Notes an `X-Auth-Token` or `X-Storage-Token`.
    pub(crate) fn token(&mut self) {
        self.token = true;
    }

    /// Whether a folded query name belongs to a signature.
    pub(crate) fn has_field(folded: &[u8]) -> bool {
        FIELDS.get(folded).is_some()
    }

    /// Notes a query parameter, if it belongs to a signature.
    pub(crate) fn query(&mut self, folded: &[u8], name: &[u8], value: &'h [u8]) {
        if let Some(field) = FIELDS.get(folded) {
            // Stores look a name up as documented: in another case it is a trace of a signature to some, nothing to
            // others.
            self.doubtful |= *field != Field::Token && name != field.spelling().as_bytes();
            self.note(*field, value);
        }
    }

    /// Notes a part of a signature in the query whose name is spelled as documented.
    pub(crate) fn note(&mut self, field: Field, value: &'h [u8]) {
        if field == Field::Token {
            self.token = true;
            return;
        }
        let bit = bits(&[field]);
        if self.seen & bit != 0 {
            self.doubtful = true;
            if field == Field::SignedHeaders {
                self.signs_forwarded |= signs_forwarded_in_query(self.value(field));
            }
        }
        self.seen |= bit;
        if let Some(place) = self.values.get_mut(field as usize) {
            *place = Some(value);
        }
    }

    fn value(&self, field: Field) -> &'h [u8] {
        self.values
            .get(field as usize)
            .copied()
            .flatten()
            .unwrap_or_default()
    }

    /// Whether any part in the query has a name of the S3-compatible dialect.
    pub(crate) fn are_amz(&self) -> bool {
        self.seen & V4 != 0
    }

    /// Weighs what was found; `forwarded` is whether a header is there that does not reach the store.
    pub(crate) fn weigh(&self, forwarded: bool) -> Result<(Auth, Option<Carrier>), Malformed> {
        let mechanisms = [
            self.authorization.is_some(),
            self.token,
            self.seen & bits(&[Field::Signature, Field::ObsKey, Field::AwsKey]) != 0,
            self.seen & bits(&[Field::Algorithm, Field::Credential, Field::SignatureV4]) != 0,
        ];
        if mechanisms.into_iter().filter(|there| *there).count() > 1 {
            return Err(Malformed::Signatures);
        }
        if let Some(value) = self.authorization {
            let auth = by_authorization(value);
            if forwarded
                && auth == Auth::V4
                && parameter(value, b"SignedHeaders").is_some_and(signs_forwarded)
            {
                return Err(Malformed::SignedForwarded);
            }
            // Beside it a part of another: some store may go by that one.
            let auth = if self.seen == 0 { auth } else { Auth::Unknown };
            return Ok((auth, Some(Carrier::Header)));
        }
        if self.token {
            return Ok((Auth::Unknown, Some(Carrier::Header)));
        }
        if self.seen == 0 {
            return Ok((Auth::Anonymous, None));
        }
        let signs = || self.signs_forwarded || signs_forwarded_in_query(self.value(Field::SignedHeaders));
        if forwarded && signs() {
            return Err(Malformed::SignedForwarded);
        }
        Ok((self.by_query(), Some(Carrier::Query)))
    }

    fn by_query(&self) -> Auth {
        if self.doubtful {
            return Auth::Unknown;
        }
        if self.seen == V4 {
            let short =
                self.parses(Field::Algorithm) && self.parses(Field::Date) && self.parses(Field::Expires);
            let long = self.parses(Field::Credential)
                && self.parses(Field::SignedHeaders)
                && self.parses(Field::SignatureV4);
            if short && long { Auth::V4 } else { Auth::Unknown }
        } else if self.seen == OBS_V2 && self.parses(Field::ObsKey) && self.parses(Field::Signature) {
            Auth::ObsV2
        } else if self.seen == AWS_V2 && self.parses(Field::AwsKey) && self.parses(Field::Signature) {
            Auth::AwsV2
        } else {
            Auth::Unknown
        }
    }

    /// Whether the value of a part in the query parses.
    #[inline]
    fn parses(&self, field: Field) -> bool {
        let value = self.value(field);
        field.is_good_as_it_came(value) || is_good_once_decoded(field, value)
    }
}

#[inline(never)]
fn signs_forwarded_in_query(signed: &[u8]) -> bool {
    decoded(signed, &mut [0; 512]).is_some_and(signs_forwarded)
}

/// Apart, so that what is good as it came needs no room for it.
#[inline(never)]
fn is_good_once_decoded(field: Field, value: &[u8]) -> bool {
    decoded(value, &mut [0; 512]).is_some_and(|value| field.is_good(value))
}

/// A value of the query, decoded where that fits; what is longer is not taken for a good one.
fn decoded<'v>(value: &'v [u8], buffer: &'v mut [u8; 512]) -> Option<&'v [u8]> {
    if has(value, b'%') {
        Decoded::new(value).into(buffer)
    } else {
        Some(value)
    }
}

fn signs_forwarded(signed: &[u8]) -> bool {
    signed.split(|byte| *byte == b';').any(Header::is_forwarded)
}

/// A part of a signature, in the query or in a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Signature,
    Date,
    ObsKey,
    Token,
    Expires,
    AwsKey,
    Algorithm,
    SignatureV4,
    Credential,
    SignedHeaders,
}

impl Field {
    /// The query name, as documented.
    pub(super) const fn spelling(self) -> &'static str {
        match self {
            Self::Signature => "Signature",
            Self::Date => "X-Amz-Date",
            Self::ObsKey => "AccessKeyId",
            Self::Token => "X-Auth-Token",
            Self::Expires => "X-Amz-Expires",
            Self::AwsKey => "AWSAccessKeyId",
            Self::Algorithm => "X-Amz-Algorithm",
            Self::SignatureV4 => "X-Amz-Signature",
            Self::Credential => "X-Amz-Credential",
            Self::SignedHeaders => "X-Amz-SignedHeaders",
        }
    }

    /// Whether a value of the query parses in which nothing is escaped but the slashes of a credential. Another may,
    /// once it is decoded. What this asks is not inlined: every part would pay for the registers of all.
    #[inline]
    fn is_good_as_it_came(self, value: &[u8]) -> bool {
        match self {
            Self::ObsKey | Self::AwsKey => is_plain_key(value),
            Self::Credential => is_escaped_credential(value),
            Self::SignedHeaders => is_plain_name(value),
            // No value of these that parses holds a `%`.
            _ => self.is_good(value),
        }
    }

    /// Whether a decoded value parses (obs-facts §3.1).
    #[inline]
    pub(crate) fn is_good(self, value: &[u8]) -> bool {
        match self {
            Self::Signature => is_base64(value),
            Self::ObsKey | Self::AwsKey => is_whole(after_access_key(value)),
            Self::Algorithm => value.as_array() == Some(ALGORITHM),
            Self::Credential => is_whole(after_credential(value)),
            Self::Date => is_timestamp(value),
            Self::Expires => (1..=6).contains(&value.len()) && are_digits(value),
            Self::SignedHeaders => is_whole(after_names(value)),
            Self::SignatureV4 => is_whole(after_sha256(value)),
            Self::Token => false,
        }
    }
}

const fn bits(mut fields: &[Field]) -> u16 {
    let mut bits = 0;
    while let [field, rest @ ..] = fields {
        bits |= 1 << *field as u16;
        fields = rest;
    }
    bits
}

/// All six, or it is not V4 (rulings, 14).
const V4: u16 = bits(&[
    Field::Algorithm,
    Field::Credential,
    Field::Date,
    Field::Expires,
    Field::SignedHeaders,
    Field::SignatureV4,
]);

const OBS_V2: u16 = bits(&[Field::Signature, Field::ObsKey]);
const AWS_V2: u16 = bits(&[Field::Signature, Field::AwsKey]);

/// Every part, by its folded name.
pub(super) const fn fields() -> &'static [(&'static str, Field)] {
    FIELDS.entries()
}

/// The query names, folded, in the order of [`Field`].
static FIELDS: Names<Field> = Names::new(&[
    ("signature", Field::Signature),
    ("x-amz-date", Field::Date),
    ("accesskeyid", Field::ObsKey),
    ("x-auth-token", Field::Token),
    ("x-amz-expires", Field::Expires),
    ("awsaccesskeyid", Field::AwsKey),
    ("x-amz-algorithm", Field::Algorithm),
    ("x-amz-signature", Field::SignatureV4),
    ("x-amz-credential", Field::Credential),
    ("x-amz-signedheaders", Field::SignedHeaders),
]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::obs::{
        dialect::{Dialect, Word},
        subresource::{Subresource, is_configuration},
    };

    #[test]
    fn fields_are_in_the_order_of_their_bits() {
        for (n, (name, field)) in FIELDS.entries().iter().enumerate() {
            assert_eq!(*field as usize, n);
            assert_eq!(field.spelling().to_ascii_lowercase(), *name);
            let amz = Dialect::by_prefix(name.as_bytes()) == Some(Dialect::Amz);
            assert_eq!(V4 & bits(&[*field]) != 0, amz, "{name}");
        }
    }

    #[test]
    fn no_field_means_anything_else_too() {
        for (name, _) in FIELDS.entries() {
            let name = name.as_bytes();
            let word = Dialect::by_prefix(name).and_then(|dialect| dialect.word(name));
            assert!(matches!(word, None | Some(Word::Guarded)));
            assert!(Subresource::of(name).is_none() && !is_configuration(name) && !Dialect::is_foreign(name));
        }
    }
}
