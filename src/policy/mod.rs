//! Facts in, decision out. Pure: what the policy needs to know next is a value it returns, not a call it makes.
//!
//! With `possible` for the encryptions an object may have and `denied` for those whose rules the request breaks:
//!
//! ```text
//! possible ∩ denied = ∅   → Allow
//! possible ⊆ denied       → Deny(rule)
//! otherwise               → NeedsState(role)
//! ```

mod faults;
mod rule;
mod settle;
mod table;

pub use faults::CompileError;
pub use rule::{Citation, Requirement, Rule, RuleId, Scope};
pub use settle::{Denial, Mode, Permit, Settings, Unknown, UnknownBucketDefault, UnknownUpload};
pub use table::Policy;

use crate::obs::{
    auth::Auth,
    encryption::{Encryption, EncryptionSet},
    operation::Operation,
    scheme::Scheme,
};

/// What a decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    /// The operation.
    pub operation: Operation,
    /// What the object written or read may be encrypted with.
    pub target: EncryptionSet,
    /// What the copy's source may be encrypted with.
    pub source: EncryptionSet,
    /// A second operation the request is judged as; the stricter of the two wins (rulings, 2 and 3).
    pub also: Option<Also>,
    /// Whether any part of a customer key, of the target or the source, came along (rulings, 10).
    pub customer_key: bool,
    /// The transport it came over.
    pub scheme: Scheme,
    /// How it is signed.
    pub auth: Auth,
}

/// A second operation that a request is judged as, with the target's encryption as that operation sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Also {
    /// The operation whose rows count too.
    pub operation: Operation,
    /// The target as that operation's rows see it.
    pub target: EncryptionSet,
}

/// The object a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The object, part or upload written or read.
    Target,
    /// The source of a copy.
    Source,
}

/// What the rules say of some facts.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// No rule stands against it, whatever the objects turn out to be.
    Allow,
    /// This rule stands against it, whatever the objects turn out to be.
    Deny(RuleId),
    /// It depends on what this object is encrypted with.
    NeedsState(Role),
}

impl Facts {
    /// The facts after somebody told what an object may be. Narrows; where the answer contradicts what the request
    /// states, both stay possible (rulings, 12). What is possible only because nothing was stated gives way.
    #[must_use]
    pub fn learn(self, role: Role, told: EncryptionSet) -> Self {
        let learnt = |known: EncryptionSet| match (known.narrow(told), known.known()) {
            (Some(narrowed), _) => narrowed,
            (None, Some(_)) => known.union(told),
            (None, None) => told,
        };
        match role {
            Role::Target => Self {
                target: learnt(self.target),
                also: self.also.map(|also| Also {
                    target: learnt(also.target),
                    ..also
                }),
                ..self
            },
            Role::Source => Self {
                source: learnt(self.source),
                ..self
            },
        }
    }

    /// The facts with a target that turned out to be this, whatever it was taken for.
    #[must_use]
    pub fn found(self, target: EncryptionSet) -> Self {
        Self {
            target,
            also: self.also.map(|also| Also { target, ..also }),
            ..self
        }
    }

    /// The facts as if an object had this encryption, wherever it may have it.
    #[must_use]
    pub fn supposing(self, role: Role, encryption: Encryption) -> Self {
        let only = EncryptionSet::only(encryption);
        let supposed = |known: EncryptionSet| known.narrow(only).unwrap_or(known);
        match role {
            Role::Target => Self {
                target: supposed(self.target),
                also: self.also.map(|also| Also {
                    target: supposed(also.target),
                    ..also
                }),
                ..self
            },
            Role::Source => Self {
                source: supposed(self.source),
                ..self
            },
        }
    }
}
