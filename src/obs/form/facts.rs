//! What the fields of a form say: how it is signed, and which parameters of encryption stand in it (obs-facts §3.1
//! and §5). The tables are those that heads are read with.

use super::Form;
use crate::obs::{
    auth::{Auth, Carrier},
    dialect::{Dialect, Word},
    fold::Folded,
    malformed::Malformed,
    names::Names,
    signature,
    sse::{Evidence, Sighting, is_documented, sightings},
};
use http::request::Parts;

/// What a form says. Classification joins it to what the head says.
#[derive(Clone, Copy, Debug)]
pub struct FormFacts {
    /// How it is signed.
    pub auth: Auth,
    /// The parameters of encryption in it.
    pub evidence: Evidence,
    /// Whether anything in it is spelled in the S3-compatible dialect.
    pub amz: bool,
}

impl FormFacts {
    /// Reads a form's fields.
    ///
    /// # Errors
    /// The form carries two signatures, repeats a field that a decision rests on, or names one in a way that only
    /// some would read; or its parameters of encryption contradict each other or are not documented.
    pub fn of(form: &Form) -> Result<Self, Malformed> {
        let mut evidence = Evidence::default();
        let mut signature = Signature::default();
        let mut amz = false;
        for field in form.fields() {
            let Some(folded) = Folded::header(field.name.as_bytes()) else {
                continue;
            };
            let folded = folded.as_bytes();
            if Dialect::is_foreign(folded) {
                return Err(Malformed::VendorPrefix);
            }
            let known = FIELDS.get(folded);
            let dialect = Dialect::by_prefix(folded);
            let word = dialect.and_then(|dialect| dialect.word(folded));
            if (known.is_some() || word.is_some()) && !field.name.as_bytes().eq_ignore_ascii_case(folded) {
                return Err(Malformed::FieldName);
            }
            if let Some(known) = known {
                signature.note(*known, field.value)?;
            }
            amz |= dialect == Some(Dialect::Amz) || known == Some(&Known::AwsKey);
            if word == Some(Word::CopySource) {
                return Err(Malformed::CopySourceMisplaced);
            }
            if let (Some(parameter), Some(dialect)) = (word.and_then(Word::parameter), dialect) {
                let exact = is_documented(field.name.as_bytes(), folded);
                evidence.note(parameter, Carrier::Form, dialect, field.value, exact)?;
            }
        }
        evidence.check()?;
        let auth = signature.weigh()?;
        Ok(Self { auth, evidence, amz })
    }
}

/// Joins the parameters of a form to those of its head, which count too (rulings, 11 and 12).
///
/// # Errors
/// The two contradict each other, or the form contradicts itself.
pub(crate) fn join(head: &Parts, mut evidence: Evidence, form: &Form) -> Result<Evidence, Malformed> {
    for field in fields_of_encryption(form) {
        let differs = sightings(head)
            .chain(fields_of_encryption(form))
            .any(|other| other.parameter == field.parameter && !other.bytes().eq(field.bytes()));
        if differs {
            return Err(Malformed::EncryptionConflict);
        }
        evidence.note(field.parameter, Carrier::Form, field.dialect, field.raw, false)?;
    }
    evidence.check()?;
    Ok(evidence)
}

/// The fields that are parameters of encryption.
pub fn fields_of_encryption(form: &Form) -> impl Iterator<Item = Sighting<'_>> {
    form.fields().filter_map(|field| {
        let folded = Folded::header(field.name.as_bytes())?;
        let dialect = Dialect::by_prefix(folded.as_bytes())?;
        Some(Sighting {
            parameter: dialect.word(folded.as_bytes())?.parameter()?,
            carrier: Carrier::Form,
            dialect,
            name: field.name,
            raw: field.value,
        })
    })
}

/// The traces of signatures in a form, and what else must not be repeated.
#[derive(Debug, Default)]
struct Signature {
    seen: u16,
    good: u16,
}

impl Signature {
    fn note(&mut self, known: Known, value: &[u8]) -> Result<(), Malformed> {
        let bit = bits(&[known]);
        if self.seen & bit != 0 {
            return Err(Malformed::FieldRepeated);
        }
        self.seen |= bit;
        if known.is_good(value) {
            self.good |= bit;
        }
        Ok(())
    }

    /// A signature counts as what it is when its fields are there, each parses, and no other's is (rulings, 14).
    fn weigh(&self) -> Result<Auth, Malformed> {
        let mechanisms = [
            bits(&[Known::ObsKey, Known::AwsKey, Known::Signature, Known::Token]),
            bits(&[Known::Algorithm, Known::Credential, Known::SignatureV4]),
            bits(&[Known::AuthToken]),
        ];
        let seen = self.seen & !bits(&UNSIGNED);
        if mechanisms.iter().filter(|one| seen & **one != 0).count() > 1 {
            return Err(Malformed::Signatures);
        }
        let complete = |fields: &[Known]| seen == bits(fields) && self.good & seen == seen;
        Ok(if seen == 0 {
            Auth::Anonymous
        } else if complete(&OBS_V2) || complete(&[Known::Token]) {
            Auth::ObsV2
        } else if complete(&AWS_V2) {
            Auth::AwsV2
        } else if complete(&V4) {
            Auth::V4
        } else {
            Auth::Unknown
        })
    }
}

/// A field that must not be repeated, and perhaps is part of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Key,
    /// `access key:signature:policy` (obs-facts §3.1).
    Token,
    Policy,
    Signature,
    Date,
    ObsKey,
    AuthToken,
    AwsKey,
    Algorithm,
    SignatureV4,
    Credential,
    ObsSecurityToken,
    AwsSecurityToken,
}

impl Known {
    fn is_good(self, value: &[u8]) -> bool {
        let is = |field: signature::Field| field.is_good(value);
        match self {
            Self::Key | Self::ObsSecurityToken | Self::AwsSecurityToken => true,
            Self::Token => {
                let mut parts = value.split(|byte| *byte == b':');
                let mut next = |one: Self| parts.next().is_some_and(|part| one.is_good(part));
                next(Self::ObsKey) && next(Self::Signature) && next(Self::Policy) && parts.next().is_none()
            }
            Self::Policy | Self::Signature => is(signature::Field::Signature),
            Self::Date => is(signature::Field::Date),
            Self::ObsKey | Self::AwsKey => is(signature::Field::ObsKey),
            Self::AuthToken => false,
            Self::Algorithm => is(signature::Field::Algorithm),
            Self::SignatureV4 => is(signature::Field::SignatureV4),
            Self::Credential => is(signature::Field::Credential),
        }
    }
}

fn bits(fields: &[Known]) -> u16 {
    fields.iter().fold(0, |bits, field| bits | 1 << *field as u16)
}

const UNSIGNED: [Known; 3] = [Known::Key, Known::ObsSecurityToken, Known::AwsSecurityToken];
const OBS_V2: [Known; 3] = [Known::ObsKey, Known::Policy, Known::Signature];
const AWS_V2: [Known; 3] = [Known::AwsKey, Known::Policy, Known::Signature];
const V4: [Known; 5] = [
    Known::Policy,
    Known::Algorithm,
    Known::Credential,
    Known::Date,
    Known::SignatureV4,
];

/// The names of fields, in lower case, in the order of [`Known`].
static FIELDS: Names<Known> = Names::new(&[
    ("key", Known::Key),
    ("token", Known::Token),
    ("policy", Known::Policy),
    ("signature", Known::Signature),
    ("x-amz-date", Known::Date),
    ("accesskeyid", Known::ObsKey),
    ("x-auth-token", Known::AuthToken),
    ("awsaccesskeyid", Known::AwsKey),
    ("x-amz-algorithm", Known::Algorithm),
    ("x-amz-signature", Known::SignatureV4),
    ("x-amz-credential", Known::Credential),
    ("x-obs-security-token", Known::ObsSecurityToken),
    ("x-amz-security-token", Known::AwsSecurityToken),
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_in_the_order_of_their_bits() {
        for (n, (name, known)) in FIELDS.entries().iter().enumerate() {
            assert_eq!(*known as usize, n);
            assert_eq!(FIELDS.get(name.as_bytes()), Some(known));
        }
    }
}
