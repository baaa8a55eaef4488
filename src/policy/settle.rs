//! From a decision to a permit: the mode and the settings for unknown things apply here, and only here.

use super::{Decision, Facts, Policy, Role, RuleId};
use crate::obs::encryption::Encryption;

/// Leave to send one request. Only [`Policy`] makes one.
#[must_use]
#[derive(Debug)]
pub struct Permit {
    held: bool,
    waived: Option<Denial>,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denial {
    /// A rule of the policy stands against it.
    Rule(RuleId),
    /// The rules depend on something nobody knows.
    Unknown(Unknown),
}

/// What nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// An upload the gate has not seen begin.
    Upload,
    /// A bucket's default encryption.
    BucketDefault,
    /// A bucket's default encryption, though the store was asked for it (rulings, 22).
    Lookup,
    /// A stored object's encryption.
    Object,
    /// What a form says.
    Form,
    /// What the answer will say: only sending tells.
    Response,
}

/// What the operator decided about the policy as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Enforce, or only watch.
    pub mode: Mode,
    /// What happens to a part of an unknown upload.
    pub unknown_upload: UnknownUpload,
    /// What an unknown bucket is taken to encrypt with.
    pub unknown_bucket_default: UnknownBucketDefault,
    /// Whether rows that want V4 ask nothing of the native `OBS` scheme (rulings, 15).
    pub obs_scheme_exempt: bool,
}

/// Whether denials refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Refuse what the policy denies.
    #[default]
    Enforce,
    /// Decide, log and count; refuse nothing the policy denies.
    Shadow,
}

/// What happens to a part of an upload the gate has not seen begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownUpload {
    /// Refused, unless every possible encryption would be allowed.
    #[default]
    Deny,
    /// Allowed, unless every possible encryption would be denied.
    Allow,
}

/// What a bucket is taken to encrypt with before anything is known of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownBucketDefault {
    /// With nothing: the documents judge what the request states.
    #[default]
    None,
    /// With anything.
    Any,
}

impl Permit {
    /// Whether the answer must be held and decided on before it is released.
    pub const fn held(&self) -> bool {
        self.held
    }

    /// The denial that shadow mode waived.
    pub const fn waived(&self) -> Option<Denial> {
        self.waived
    }
}

impl Unknown {
    /// The id in log lines, metrics and the `x-obsgate-rule` header.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Upload => "unknown.upload",
            Self::BucketDefault => "unknown.bucket-default",
            Self::Lookup => "unknown.lookup",
            Self::Object => "unknown.object",
            Self::Form => "unknown.form",
            Self::Response => "unknown.response",
        }
    }
}

impl Policy {
    /// Turns the decision on these facts into a permit or a denial. `unknown` is what nobody could tell, or, for
    /// [`Unknown::Response`], what only sending will tell: that permit holds the answer until a second one.
    ///
    /// # Errors
    /// The denial, in every mode but shadow.
    pub fn settle(&self, facts: Facts, decision: Decision, unknown: Unknown) -> Result<Permit, Denial> {
        let decision = match (decision, unknown, self.settings.unknown_bucket_default) {
            (Decision::NeedsState(Role::Target), Unknown::BucketDefault, UnknownBucketDefault::None) => {
                self.decide(facts.supposing(Role::Target, Encryption::Plain))
            }
            _ => decision,
        };
        let denial = match (decision, unknown, self.settings.unknown_upload) {
            (Decision::Allow, ..) | (Decision::NeedsState(_), Unknown::Upload, UnknownUpload::Allow) => {
                return Ok(Permit {
                    held: false,
                    waived: None,
                });
            }
            (Decision::NeedsState(_), Unknown::Response, _) => {
                return Ok(Permit {
                    held: true,
                    waived: None,
                });
            }
            (Decision::Deny(rule), ..) => Denial::Rule(rule),
            (Decision::NeedsState(_), ..) => Denial::Unknown(unknown),
        };
        match self.settings.mode {
            Mode::Enforce => Err(denial),
            Mode::Shadow => Ok(Permit {
                held: false,
                waived: Some(denial),
            }),
        }
    }

    /// The id of a denial, as log lines, metrics and the `x-obsgate-rule` header give it.
    pub fn denial_id(&self, denial: Denial) -> &str {
        match denial {
            Denial::Rule(rule) => self.rule(rule).map_or("rule", |rule| &rule.name),
            Denial::Unknown(unknown) => unknown.id(),
        }
    }
}
