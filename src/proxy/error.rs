//! Every reason the gate answers for itself, and the one place where each becomes a code and a text.

use super::{
    admission::Overload,
    form::Unreadable,
    guard::Violation,
    upstream::{Kind, UpstreamError},
};
use crate::{
    obs::{
        encryption::Encryption,
        error::Code,
        form::FormError,
        malformed::Malformed,
        operation::Operation,
        scheme::Scheme,
        sse::{self, Defect, Parameter},
    },
    policy::{Denial, Facts, Policy, Requirement, Rule, Scope, Unknown},
    telemetry::Outcome,
};
use std::borrow::Cow;

/// Why a request is answered by the gate and not by the store.
#[derive(Debug)]
pub enum Refusal {
    /// Its bytes can be read in more than one way.
    Guarded(Violation),
    /// The gate has as much to do as it takes on.
    Overloaded(Overload),
    /// It is ambiguous.
    Malformed(Malformed),
    /// The policy denies it.
    Denied {
        /// What stands against it.
        denial: Denial,
        /// What the decision rested on.
        facts: Facts,
    },
    /// Its form cannot be read.
    Form(FormError),
    /// It broke off before it was decided.
    BrokenOff,
    /// Its customer key is not what the API allows.
    Defect(Defect),
    /// The store cannot be reached, or did not answer.
    Upstream(UpstreamError),
}

/// What a refusal says on the wire.
#[derive(Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// The id of the rule, for the `x-obsgate-rule` header, log lines and metrics.
    pub rule: &'a str,
    /// The error code.
    pub code: Code,
    /// What is wrong and what is required.
    pub message: Cow<'static, str>,
    /// The header or parameter at fault.
    pub argument: Option<&'static str>,
}

impl Said<'_> {
    /// Says besides that the request's customer key is burned: it came in clear (obs-facts §4.5 has the text before it).
    pub(super) fn burn_key(&mut self) {
        self.message.to_mut().push_str(BURNED);
    }
}

impl Refusal {
    /// What it says on the wire.
    pub fn said<'a>(&'a self, policy: &'a Policy) -> Said<'a> {
        match self {
            Self::Guarded(violation) => Said {
                rule: violation.id(),
                code: violation.code(),
                message: Cow::Borrowed(violation.message()),
                argument: None,
            },
            Self::Overloaded(overload) => Said {
                rule: overload.id(),
                code: Code::SlowDown,
                message: Cow::Borrowed(overload.message()),
                argument: None,
            },
            Self::Malformed(malformed) => Said {
                rule: malformed.id(),
                code: malformed.code(),
                message: Cow::Borrowed(malformed.message()),
                argument: malformed.argument(),
            },
            Self::Defect(defect) => Said {
                rule: defect.id(),
                code: defect.code(),
                message: Cow::Borrowed(defect.message()),
                argument: None,
            },
            Self::Form(error) => Said {
                rule: error.id(),
                code: error.code(),
                message: Cow::Borrowed(error.message()),
                argument: None,
            },
            Self::BrokenOff => Said {
                rule: "client.body",
                code: Code::InvalidRequest,
                message: Cow::Borrowed("The body of the request broke off."),
                argument: None,
            },
            Self::Denied { denial, facts } => denied(*denial, *facts, policy),
            Self::Upstream(error) => {
                let (code, message) = unsent(error.kind());
                Said {
                    rule: error.id(),
                    code,
                    message: Cow::Borrowed(message),
                    argument: None,
                }
            }
        }
    }

    /// How the request ended, for the log.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Guarded(violation) if violation.is_late() => Outcome::Abandoned,
            Self::Guarded(_) | Self::Malformed(_) | Self::Defect(_) | Self::Form(_) => Outcome::Malformed,
            Self::Overloaded(_) => Outcome::Limited,
            Self::BrokenOff => Outcome::Abandoned,
            Self::Denied { .. } => Outcome::Refused,
            Self::Upstream(error) => match error.kind() {
                Kind::BadRequest(_) => Outcome::Malformed,
                Kind::ClientBody => Outcome::Abandoned,
                _ => Outcome::Failed,
            },
        }
    }
}

impl From<Unreadable> for Refusal {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Form(error) => Self::Form(error),
            Unreadable::Client => Self::BrokenOff,
            Unreadable::Late => Self::Guarded(Violation::BodyTimeout),
        }
    }
}

fn denied(denial: Denial, facts: Facts, policy: &Policy) -> Said<'_> {
    let (code, message, argument) = match denial {
        Denial::Rule(id) => match policy.rule(id) {
            Some(rule) => broken(rule, facts.scheme),
            None => (
                Code::InvalidRequest,
                Cow::Borrowed("The request is not allowed."),
                None,
            ),
        },
        Denial::Unknown(unknown) => (Code::InvalidRequest, Cow::Borrowed(undecidable(unknown)), None),
    };
    Said {
        rule: policy.denial_id(denial),
        code,
        message,
        argument,
    }
}

/// The texts of obs-facts §4.5, rows 1 to 3. Transport is named first: a signature can be mended, a key sent in clear
/// cannot.
fn broken(rule: &Rule, scheme: Scheme) -> (Code, Cow<'static, str>, Option<&'static str>) {
    let what = match rule.scope {
        Scope::CustomerKey => "specifying Server Side Encryption with Customer provided keys",
        Scope::Row {
            operation, target, ..
        } => match (target, states_method(operation)) {
            (Encryption::SseC, _) => "specifying Server Side Encryption with Customer provided keys",
            (Encryption::SseKms, true) => "specifying Server Side Encryption with KMS managed keys",
            (Encryption::SseObs, true) => "specifying Server Side Encryption with OBS managed keys",
            (Encryption::SseKms, false) => "for what is encrypted with KMS managed keys",
            (Encryption::SseObs, false) => "for what is encrypted with OBS managed keys",
            (Encryption::Plain, _) => "for what is not encrypted by the server",
        },
    };
    match (scheme, rule.requirement) {
        (
            Scheme::Http,
            Requirement {
                https: true,
                v4: false,
            },
        ) => (
            Code::InvalidRequest,
            sentence(&["Requests ", what, " must be made over a secure connection."]),
            None,
        ),
        (
            Scheme::Http,
            Requirement {
                https: true,
                v4: true,
            },
        ) => (
            Code::InvalidRequest,
            sentence(&[
                "Requests ",
                what,
                " must be made over a secure connection and require ",
                VERSION_4,
                ".",
            ]),
            None,
        ),
        (_, Requirement { .. }) => (
            Code::InvalidArgument,
            sentence(&["Requests ", what, " require ", VERSION_4, "."]),
            Some("Authorization"),
        ),
    }
}

/// Of these pieces, with room for what may be [said besides](Said::burn_key).
fn sentence(pieces: &[&str]) -> Cow<'static, str> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut sentence = String::with_capacity(length + BURNED.len());
    for piece in pieces {
        sentence.push_str(piece);
    }
    Cow::Owned(sentence)
}

/// Whether requests of this operation state the encryption themselves (obs-facts §4.2).
fn states_method(operation: Operation) -> bool {
    operation == Operation::AppendObject || sse::has_cell(operation, Parameter::Method)
}

/// Why there is no answer of the store's. A client at fault is told so: a 5xx would have it try again.
const fn unsent(kind: Kind) -> (Code, &'static str) {
    match kind {
        Kind::BadRequest(_) => (
            Code::InvalidRequest,
            "The request must say in one way where its body ends, and its trailer must hold nothing that belongs in \
             its head.",
        ),
        Kind::ClientBody => (
            Code::InvalidRequest,
            "The body of the request broke off, or is not what its head announces.",
        ),
        Kind::Resolve
        | Kind::Connect
        | Kind::ConnectTimeout
        | Kind::Tls
        | Kind::Write
        | Kind::Closed
        | Kind::ResponseHeadTimeout
        | Kind::WriteTimeout
        | Kind::BodyBroken
        | Kind::BodyTimeout => (
            Code::ServiceUnavailable,
            "The store behind the gate cannot be reached. Please try again.",
        ),
        Kind::BadResponse(_) => (
            Code::ServiceUnavailable,
            "The answer of the store behind the gate can be read in more than one way. Please try again.",
        ),
    }
}

const fn undecidable(unknown: Unknown) -> &'static str {
    match unknown {
        Unknown::Upload => {
            "The encryption of this multipart upload is not known here. Begin the upload through this endpoint, or \
             send its parts over a secure connection with Signature Version 4 (AWS4-HMAC-SHA256)."
        }
        Unknown::BucketDefault => {
            "The default encryption of this bucket is not known here. Name the encryption in the request, or send \
             it over a secure connection with Signature Version 4 (AWS4-HMAC-SHA256)."
        }
        Unknown::Lookup => {
            "The default encryption of this bucket could not be looked up. Name the encryption in the request, send \
             it over a secure connection with Signature Version 4 (AWS4-HMAC-SHA256), or try again later."
        }
        Unknown::Object | Unknown::Response => {
            "The encryption of this object is not known here. Send the request over a secure connection with \
             Signature Version 4 (AWS4-HMAC-SHA256)."
        }
        Unknown::Form => "What encryption and signature the form names is not known here.",
    }
}

const BURNED: &str = " Discard the customer key of this request: it was sent in clear.";
const VERSION_4: &str = "Signature Version 4 (AWS4-HMAC-SHA256)";
