//! What the gate would do with some facts, and what would change it.

use crate::{
    classify::{Inquiry, Teller},
    obs::{
        auth::Auth,
        encryption::{Encryption, EncryptionSet},
        scheme::Scheme,
    },
    policy::{Decision, Denial, Facts, Policy, Role, RuleId},
};
use serde::Serialize;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is forwarded.
    Allowed,
    /// It is refused.
    Refused,
    /// It depends on something that is not in the request.
    Undecided,
}

/// What the gate is taken to know besides the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What the upload is encrypted with.
    pub upload: Option<Encryption>,
    /// What the bucket encrypts with by default.
    pub bucket_default: Option<Encryption>,
}

/// A verdict and what it rests on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ruling {
    pub(super) verdict: Verdict,
    /// The rule that stands against it.
    pub(super) rule: Option<RuleId>,
    /// Whether an unknown thing was taken for something, as the settings say.
    pub(super) assumed: bool,
    /// Who told, and what was known of the target then.
    pub(super) told: Option<(Teller, EncryptionSet)>,
}

/// Another way to send the request, and what becomes of it then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What is different.
    pub change: &'static str,
    /// What becomes of it.
    pub verdict: Verdict,
}

/// What becomes of the request if the object in doubt turns out to be encrypted so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The encryption.
    pub encryption: &'static str,
    /// What becomes of it.
    pub verdict: Verdict,
}

impl Verdict {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Undecided => "not decidable from the request alone",
        }
    }
}

impl Known {
    fn of(self, teller: Teller) -> Option<EncryptionSet> {
        let known = match teller {
            Teller::Upload => self.upload,
            Teller::BucketDefault => self.bucket_default,
            Teller::Nobody | Teller::Form | Teller::Object | Teller::Response => None,
        };
        known.map(EncryptionSet::only)
    }
}

/// Judges facts as the gate would that knows this besides. Shadow mode does not count: what it waives is refused.
pub(super) fn judge(policy: &Policy, facts: Facts, teller: Teller, known: Known) -> Ruling {
    let mut inquiry = Inquiry::begin(policy, facts, teller, Teller::Nobody);
    let mut told = None;
    while let Some(asked) = inquiry.question() {
        let answer = known.of(asked);
        inquiry.answer(answer);
        told = answer.map(|_| (asked, inquiry.facts().target)).or(told);
    }
    let ruling = |verdict, rule, assumed| Ruling {
        verdict,
        rule,
        assumed,
        told,
    };
    match inquiry.decision() {
        Decision::Allow if teller == Teller::Form => return ruling(Verdict::Undecided, None, false),
        Decision::Allow => return ruling(Verdict::Allowed, None, false),
        Decision::Deny(rule) => return ruling(Verdict::Refused, Some(rule), false),
        Decision::NeedsState(_) => {}
    }
    let settled = inquiry.settle();
    let denial = match &settled {
        Ok(permit) if permit.held() => return ruling(Verdict::Undecided, None, false),
        Ok(permit) => permit.waived(),
        Err(denial) => Some(*denial),
    };
    match denial {
        None => ruling(Verdict::Allowed, None, true),
        Some(Denial::Rule(rule)) => ruling(Verdict::Refused, Some(rule), true),
        Some(Denial::Unknown(_)) => ruling(Verdict::Undecided, None, false),
    }
}

/// The least that would have to be different for the request to be allowed.
pub(super) fn changes(policy: &Policy, facts: Facts, teller: Teller, known: Known) -> Vec<Change> {
    let secure = Facts {
        scheme: Scheme::Https,
        ..facts
    };
    let signed = Facts {
        auth: Auth::V4,
        ..facts
    };
    let both = Facts {
        auth: Auth::V4,
        ..secure
    };
    let allowed = |facts| judge(policy, facts, teller, known).verdict == Verdict::Allowed;
    let mut changes: Vec<_> = [("over https", secure), ("signed with V4", signed)]
        .into_iter()
        .filter(|(_, other)| *other != facts && allowed(*other))
        .map(|(change, _)| Change {
            change,
            verdict: Verdict::Allowed,
        })
        .collect();
    if changes.is_empty() && both != secure && both != signed && allowed(both) {
        changes.push(Change {
            change: "over https and signed with V4",
            verdict: Verdict::Allowed,
        });
    }
    changes
}

/// What each possibility of the target would mean.
pub(super) fn cases(policy: &Policy, facts: Facts, possible: EncryptionSet) -> Vec<Case> {
    possible
        .iter()
        .map(|one| Case {
            encryption: one.name(),
            verdict: judge(
                policy,
                facts.supposing(Role::Target, one),
                Teller::Nobody,
                Known::default(),
            )
            .verdict,
        })
        .collect()
}
