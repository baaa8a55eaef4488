//! The loop of asking, learning and deciding again, without the asking: what has to be known next is a value that it
//! returns, so that the gate asks its state and `obsgate explain` whoever sits before it (`docs/architecture.md` §5).

use super::{Classified, Teller};
use crate::{
    obs::encryption::EncryptionSet,
    policy::{Decision, Denial, Facts, Permit, Policy, Role, Unknown},
};

/// A decision on its way. Each role is asked about once at most.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry<'p> {
    policy: &'p Policy,
    facts: Facts,
    decision: Decision,
    target: Doubt,
    source: Doubt,
}

/// What became of the question about one role.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    teller: Teller,
    asked: Asked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    NotYet,
    Told,
    Unknown,
    Failed,
}

impl Classified<'_> {
    /// Decides on what the request says, and finds out what else has to be known.
    pub fn inquire<'p>(&self, policy: &'p Policy) -> Inquiry<'p> {
        Inquiry::begin(policy, self.facts, self.target, self.source)
    }
}

impl<'p> Inquiry<'p> {
    /// Begins with what a request says, and who can tell about the rest.
    pub fn begin(policy: &'p Policy, facts: Facts, target: Teller, source: Teller) -> Self {
        let doubt = |teller| Doubt {
            teller,
            asked: Asked::NotYet,
        };
        Self {
            policy,
            facts,
            decision: policy.decide(facts),
            target: doubt(target),
            source: doubt(source),
        }
    }

    /// Who has to be asked next: somebody who knows without sending the request, or nobody.
    pub fn question(&self) -> Option<Teller> {
        let doubt = self.doubt(self.role()?);
        match doubt.teller {
            Teller::Upload | Teller::BucketDefault | Teller::Object if doubt.asked == Asked::NotYet => {
                Some(doubt.teller)
            }
            _ => None,
        }
    }

    /// Takes the answer to the question; `None` where it is not known.
    pub fn answer(&mut self, told: Option<EncryptionSet>) {
        let Some(role) = self.role() else { return };
        if let Some(told) = told {
            self.facts = self.facts.learn(role, told);
            self.decision = self.policy.decide(self.facts);
        }
        self.doubt_mut(role).asked = if told.is_some() {
            Asked::Told
        } else {
            Asked::Unknown
        };
    }

    /// The question could not be put to the store: never an allowance (rulings, 22).
    pub fn fail(&mut self) {
        if let Some(role) = self.role() {
            self.doubt_mut(role).asked = Asked::Failed;
        }
    }

    /// What is known by now.
    pub fn facts(&self) -> Facts {
        self.facts
    }

    /// The decision on what is known by now.
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// A permit or a denial, on what is known by now.
    ///
    /// # Errors
    /// The denial; see [`Policy::settle`].
    pub fn settle(&self) -> Result<Permit, Denial> {
        self.policy.settle(self.facts, self.decision, self.unknown())
    }

    /// What is unknown if the decision asks for it. The settings for unknown things are about those of which nobody
    /// said anything: what was told and is still in doubt is no such thing, as a default that was declared and
    /// another that was learned (rulings, 21).
    fn unknown(&self) -> Unknown {
        let role = match self.decision {
            Decision::NeedsState(role) => role,
            Decision::Allow | Decision::Deny(_) => Role::Target,
        };
        let doubt = self.doubt(role);
        match doubt.asked {
            Asked::NotYet | Asked::Unknown => doubt.teller.unknown(),
            Asked::Told => Unknown::Ambiguous,
            Asked::Failed => Unknown::Lookup,
        }
    }

    /// The role that is in doubt.
    fn role(&self) -> Option<Role> {
        match self.decision {
            Decision::NeedsState(role) => Some(role),
            Decision::Allow if self.may_be_overlooked() => Some(Role::Target),
            Decision::Allow | Decision::Deny(_) => None,
        }
    }

    /// Whether a part's customer key may hide that its upload is encrypted otherwise: a store may overlook the key, so
    /// what is known of the upload counts too (rulings, 12).
    fn may_be_overlooked(&self) -> bool {
        let any = Facts {
            target: EncryptionSet::ALL,
            ..self.facts
        };
        self.target.teller == Teller::Upload
            && self.facts.target.known().is_some()
            && self.policy.decide(any) != Decision::Allow
    }

    const fn doubt(&self, role: Role) -> Doubt {
        match role {
            Role::Target => self.target,
            Role::Source => self.source,
        }
    }

    const fn doubt_mut(&mut self, role: Role) -> &mut Doubt {
        match role {
            Role::Target => &mut self.target,
            Role::Source => &mut self.source,
        }
    }
}
