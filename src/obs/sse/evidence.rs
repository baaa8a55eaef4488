//! Where each parameter was seen, and what all of them say together. Values are read in passing; only which places
//! they came from is kept.

use super::{Parameter, Parameters, cells::cells, sighting::sightings};
use crate::obs::{
    auth::{Auth, Carrier},
    dialect::Dialect,
    encryption::Encryption,
    fold::Decoded,
    malformed::Malformed,
    operation::Operation,
};
use http::request::Parts;

/// The parameters of encryption in a head, and the places they were seen in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    seen: Parameters,
    /// What was seen in each place.
    places: [Parameters; PLACES],
    /// The same, of what is spelled there just as documented.
    exact: [Parameters; PLACES],
    method: Option<Encryption>,
    /// The data are to be encrypted with something else than AES256, which only SSE-KMS does.
    other_data_algorithm: bool,
    /// A parameter stands in several places, whose values must be equal.
    contested: bool,
}

/// The places of one parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places(u8);

/// How a parameter counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// As evidence of the target's encryption.
    Target,
    /// As evidence of the source's encryption.
    Source,
    /// The documents do not give it to the operation: the request is judged as PutObject as well (rulings, 2).
    AlsoPutObject,
    /// Only as a customer key that came along (rulings, 10).
    CustomerKey,
    /// Not at all: the documents do not give it to the operation, which writes nothing. It is forwarded.
    Ignored,
}

impl Places {
    const fn bit(carrier: Carrier, dialect: Dialect) -> u8 {
        1 << place(carrier, dialect)
    }

    /// The places, headers first.
    pub fn iter(self) -> impl Iterator<Item = (Carrier, Dialect)> {
        [Carrier::Header, Carrier::Query, Carrier::Form]
            .into_iter()
            .flat_map(|carrier| Dialect::ALL.into_iter().map(move |dialect| (carrier, dialect)))
            .filter(move |(carrier, dialect)| self.0 & Self::bit(*carrier, *dialect) != 0)
    }
}

impl Evidence {
    /// Every parameter that was seen, with its places.
    pub fn iter(&self) -> impl Iterator<Item = (Parameter, Places)> {
        let places = |parameter| {
            let seen = |of: &Parameters| of.has_any(Parameters::only(parameter));
            let bits = self.places.iter().rev().map(|of| u8::from(seen(of)));
            Places(bits.fold(0, |bits, bit| bits << 1 | bit))
        };
        Parameter::ALL
            .into_iter()
            .map(move |parameter| (parameter, places(parameter)))
            .filter(|(_, places)| places.0 != 0)
    }

    /// Whether no parameter was seen.
    pub fn is_empty(&self) -> bool {
        self.seen == Parameters::default()
    }

    /// The method, where one was given.
    pub const fn method(&self) -> Option<Encryption> {
        self.method
    }

    /// The encryption with a key of the server that the parameters speak of. Without a method, whatever only SSE-KMS
    /// has is evidence of it.
    pub(crate) fn managed(&self) -> Option<Encryption> {
        self.managed_by(self.seen)
    }

    fn managed_by(&self, of: Parameters) -> Option<Encryption> {
        let has = |parameter| of.has_any(Parameters::only(parameter));
        let other = has(Parameter::DataEncryption) && self.other_data_algorithm;
        let kms = of.has_any(Parameters::KMS_ONLY) || other;
        self.method
            .filter(|_| has(Parameter::Method))
            .or(kms.then_some(Encryption::SseKms))
    }

    /// The encryption of the target that some store may read in these parameters.
    pub(crate) fn stated(&self) -> Option<Encryption> {
        self.stated_by(self.seen)
    }

    /// The parameters that stand where and as a store reads them, whichever dialect it knows. `presigned` is whether a
    /// signature of version 2 stands in the query, where alone the documents have parameters in the query (obs-facts
    /// §4.1).
    pub(crate) fn certain(&self, presigned: bool) -> Parameters {
        let sure = self.sure(Dialect::Obs).with(self.sure(Dialect::Amz));
        if presigned {
            let in_query = |dialect| self.exactly(Carrier::Query, dialect);
            sure.with(in_query(Dialect::Obs)).with(in_query(Dialect::Amz))
        } else {
            sure
        }
    }

    /// The parameters that every store reads to which this signature is one: it may know no name of the other dialect
    /// (rulings, 11). In the query the documents have native ones alone, beside a native signature (obs-facts §4.1).
    pub(crate) fn certain_to(&self, auth: Auth, presigned: bool) -> Parameters {
        match auth.dialect() {
            Some(Dialect::Obs) if presigned => {
                let in_query = self.exactly(Carrier::Query, Dialect::Obs);
                self.sure(Dialect::Obs).with(in_query)
            }
            Some(dialect) => self.sure(dialect),
            None => self.sure(Dialect::Obs).and(self.sure(Dialect::Amz)),
        }
    }

    /// Those that stand where every store of a dialect reads them: in a header, or in a form's field of just this name.
    fn sure(&self, dialect: Dialect) -> Parameters {
        let in_form = self.exactly(Carrier::Form, dialect);
        self.exactly(Carrier::Header, dialect).with(in_form)
    }

    fn exactly(&self, carrier: Carrier, dialect: Dialect) -> Parameters {
        self.exact
            .get(place(carrier, dialect))
            .copied()
            .unwrap_or_default()
    }

    /// The encryption of the target that these of the parameters speak of.
    pub(crate) fn stated_by(&self, of: Parameters) -> Option<Encryption> {
        if of.has_any(Parameters::TARGET_KEY) {
            Some(Encryption::SseC)
        } else {
            self.managed_by(of)
        }
    }

    /// What a parameter counted as on an operation; `writes` is whether its method can write an object.
    pub fn counted(parameter: Parameter, operation: Operation, writes: bool) -> Counted {
        let one = Parameters::only(parameter);
        // A form's parameters stand in the form: those in its head are strays.
        let cell = cells(operation).has_any(one) && operation != Operation::PostObject;
        if cell && one.has_any(Parameters::SOURCE_KEY) {
            Counted::Source
        } else if cell {
            Counted::Target
        } else if one.has_any(Parameters::SOURCE_KEY) || operation == Operation::SelectObjectContent {
            Counted::CustomerKey
        } else if writes {
            Counted::AlsoPutObject
        } else if one.has_any(Parameters::TARGET_KEY) {
            Counted::CustomerKey
        } else {
            Counted::Ignored
        }
    }

    /// What a parameter in a field of a form counted as: the fields are what the form says, whatever the documents list.
    pub fn counted_in_form(parameter: Parameter) -> Counted {
        if Parameters::only(parameter).has_any(Parameters::SOURCE_KEY) {
            Counted::CustomerKey
        } else {
            Counted::Target
        }
    }

    pub(crate) const fn seen(&self) -> Parameters {
        self.seen
    }

    /// The parameters seen that the documents do not give to a head of this operation.
    pub(crate) fn strays(&self, operation: Operation) -> Parameters {
        match operation {
            // Most requests carry none at all.
            _ if self.is_empty() => self.seen,
            Operation::PostObject => self.seen,
            _ => self.seen.without(cells(operation)),
        }
    }

    /// Notes a parameter. The value is percent-encoded if it stood in the query; `exact` is whether its name is spelled
    /// just as documented.
    #[inline]
    pub(crate) fn note(
        &mut self,
        parameter: Parameter,
        carrier: Carrier,
        dialect: Dialect,
        value: &[u8],
        exact: bool,
    ) -> Result<(), Malformed> {
        if matches!(parameter, Parameter::Method | Parameter::DataEncryption) {
            self.read(parameter, carrier, value)?;
        }
        let one = Parameters::only(parameter);
        let at = place(carrier, dialect);
        let (Some(here), Some(exactly)) = (self.places.get_mut(at), self.exact.get_mut(at)) else {
            return Ok(());
        };
        if here.has_any(one) {
            return Err(Malformed::EncryptionRepeated);
        }
        *here = here.with(one);
        if exact {
            *exactly = exactly.with(one);
        }
        self.contested |= self.seen.has_any(one);
        self.seen = self.seen.with(one);
        Ok(())
    }

    /// Reads one of the two values that say which encryption it is.
    #[inline(never)]
    fn read(&mut self, parameter: Parameter, carrier: Carrier, value: &[u8]) -> Result<(), Malformed> {
        let mut buffer = [0; 16];
        let value = decoded(value, carrier, &mut buffer);
        if parameter == Parameter::Method {
            let method = value.and_then(method_value).ok_or(Malformed::EncryptionMethod)?;
            self.method = self.method.or(Some(method));
        } else {
            self.other_data_algorithm |= value != Some(b"AES256");
        }
        Ok(())
    }

    /// Compares what stands in several places (rulings, 11).
    pub(crate) fn agree(&self, head: &Parts) -> Result<(), Malformed> {
        if !self.contested {
            return Ok(());
        }
        for (parameter, places) in self.iter() {
            if places.0.count_ones() < 2 {
                continue;
            }
            let mut values = sightings(head).filter(|one| one.parameter == parameter);
            if let Some(first) = values.next()
                && !values.all(|other| first.bytes().eq(other.bytes()))
            {
                return Err(Malformed::EncryptionConflict);
            }
        }
        Ok(())
    }

    /// Whether what counts contradicts itself (rulings, 12).
    pub(crate) fn check(&self) -> Result<(), Malformed> {
        let Some(managed) = self.managed() else {
            return Ok(());
        };
        if self.seen.has_any(Parameters::TARGET_KEY) {
            return Err(Malformed::TwoModes);
        }
        let kms = self.seen.has_any(Parameters::KMS_ONLY) || self.other_data_algorithm;
        if managed == Encryption::SseObs && kms {
            return Err(Malformed::Contradiction);
        }
        Ok(())
    }
}

/// The number of a place.
const fn place(carrier: Carrier, dialect: Dialect) -> usize {
    carrier as usize * Dialect::ALL.len() + dialect as usize
}

/// How many places there are: header, query and form, in both dialects.
const PLACES: usize = 3 * Dialect::ALL.len();

/// The value, decoded if it stood in the query; `None` where it is longer than any that means something.
fn decoded<'v>(value: &'v [u8], carrier: Carrier, buffer: &'v mut [u8; 16]) -> Option<&'v [u8]> {
    match carrier {
        Carrier::Query => Decoded::new(value).into(buffer),
        Carrier::Header | Carrier::Form => Some(value),
    }
}

/// Whether a name is spelled as the documents print it: in lower case, but for the MD5.
pub(crate) fn is_documented(name: &[u8], folded: &[u8]) -> bool {
    name == folded
        || name
            .strip_suffix(b"-MD5")
            .is_some_and(|start| folded.strip_suffix(b"-md5") == Some(start))
}

/// Reads the value of a method: a closed list (rulings, 9).
pub(crate) fn method_value(value: &[u8]) -> Option<Encryption> {
    METHODS
        .iter()
        .find(|(known, _)| known.as_bytes() == value)
        .map(|(_, encryption)| *encryption)
}

const METHODS: [(&str, Encryption); 5] = [
    ("kms", Encryption::SseKms),
    ("aws:kms", Encryption::SseKms),
    ("AES256", Encryption::SseObs),
    ("aws:AES256", Encryption::SseObs),
    ("obs", Encryption::SseObs),
];
