//! What a form adds to its head: after it nothing about the request is in doubt but the bucket's default (rulings, 18).

use super::{Classified, Teller};
use crate::{
    obs::{
        auth::{Auth, Carrier},
        dialect::Dialect,
        encryption::EncryptionSet,
        form::{self, Form, FormFacts},
        malformed::Malformed,
        sse::Parameters,
    },
    policy::Also,
};

impl Classified<'_> {
    /// Joins what the form says to what the head says. Encryption named in the head of a POST stays in
    /// [`Facts::also`](crate::policy::Facts::also), so that both are judged.
    ///
    /// A signature in the head settles no form: no document signs a form there, so some stores would check it and
    /// others take the form for unsigned. It counts as unknown.
    ///
    /// # Errors
    /// The form is ambiguous or contradicts the head, or both are signed.
    pub fn read_form(&mut self, form: &Form) -> Result<(), Malformed> {
        let said = FormFacts::of(form)?;
        let (auth, signed_in) = match (said.auth, self.signed_in) {
            (Auth::Anonymous, None) => (Auth::Anonymous, None),
            (Auth::Anonymous, Some(carrier)) => (Auth::Unknown, Some(carrier)),
            (auth, None) => (auth, Some(Carrier::Form)),
            (_, Some(_)) => return Err(Malformed::Signatures),
        };
        self.evidence = form::join(self.head, self.evidence, form)?;
        let certain = said.evidence.certain_to(auth, false);
        (self.facts.target, self.target) = match said.evidence.stated_by(certain) {
            Some(one) => (EncryptionSet::only(one), Teller::Nobody),
            None => (EncryptionSet::WITHOUT_CUSTOMER_KEY, Teller::BucketDefault),
        };
        // A field in another case, or in a dialect that the signature is not of, counts beside the bucket's default:
        // some stores overlook it.
        if let (Some(one), Teller::BucketDefault) = (said.evidence.stated(), self.target) {
            let also = Also {
                operation: self.facts.operation,
                target: EncryptionSet::only(one),
            };
            // What the head says would have to be judged as a third operation.
            if self.facts.also.replace(also).is_some() {
                return Err(Malformed::Contradiction);
            }
        }
        self.facts.auth = auth;
        self.facts.customer_key |= said.evidence.seen().has_any(Parameters::ANY_KEY);
        self.signed_in = signed_in;
        if said.amz || matches!(auth, Auth::AwsV2 | Auth::V4) {
            self.dialect = Dialect::Amz;
        }
        Ok(())
    }
}
