//! The loop of asking, learning and deciding again, without the asking: what has to be known next is a value that it
//! returns, so that the gate asks its state and `obsgate explain` whoever sits before it (`docs/architecture.md` §5).

use super::{Classified, Teller};
use crate::{
    obs::encryption::{Encryption, EncryptionSet},
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
    Answered,
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
            self.facts = if self.decision == Decision::Allow {
                Facts {
                    target: told,
                    ..self.facts
                }
            } else {
                self.facts.learn(role, told)
            };
            self.decision = self.strictest(role);
        }
        self.doubt_mut(role).asked = Asked::Answered;
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

    /// Decides on what somebody told. Doubt that is left is not a matter of the settings for unknown things: whatever
    /// stands against one of the encryptions it may be stands against the request.
    fn strictest(&self, role: Role) -> Decision {
        let decision = self.policy.decide(self.facts);
        if decision != Decision::NeedsState(role) {
            return decision;
        }
        Encryption::ALL
            .into_iter()
            .map(|one| self.policy.decide(self.facts.supposing(role, one)))
            .find(|one| !matches!(one, Decision::Allow) && *one != decision)
            .unwrap_or(decision)
    }

    /// What is unknown if the decision asks for it.
    fn unknown(&self) -> Unknown {
        let role = match self.decision {
            Decision::NeedsState(role) => role,
            Decision::Allow | Decision::Deny(_) => Role::Target,
        };
        let doubt = self.doubt(role);
        match doubt.asked {
            Asked::NotYet | Asked::Answered => doubt.teller.unknown(),
            Asked::Failed => Unknown::Lookup,
        }
    }

    /// The role that is in doubt.
    fn role(&self) -> Option<Role> {
        match self.decision {
            Decision::NeedsState(role) => Some(role),
            Decision::Allow if self.is_overlookable() => Some(Role::Target),
            Decision::Allow | Decision::Deny(_) => None,
        }
    }

    /// Whether the encryption that a part or a later append states, and that is allowed, may hide another: what was
    /// begun is encrypted as it was begun, and a store may overlook what is stated after. So what is known counts too
    /// (rulings, 12); where nothing is, the documents judge what the request states.
    fn is_overlookable(&self) -> bool {
        let any = Facts {
            target: EncryptionSet::ALL,
            ..self.facts
        };
        matches!(self.target.teller, Teller::Upload | Teller::Object)
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
