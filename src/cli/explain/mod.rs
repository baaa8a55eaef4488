//! `obsgate explain`: what the gate makes of one request, why, and what would change it.

mod asked;
mod reading;
mod text;
mod verdict;

pub use asked::{Asked, Usage};
pub use reading::{Reading, Seen};
pub use verdict::{Case, Change, Known, Verdict};

use super::{
    Failure,
    args::{ExplainArgs, ExplainFormat},
};
use crate::{
    classify::{Arrival, Classified, Teller, classify},
    config::Profile,
    obs::{
        form::{Form, FormError},
        malformed::Malformed,
        resource::{CustomDomains, Endpoints},
        sse::Defect,
    },
    policy::{Policy, RuleId, Settings},
    telemetry::Told,
};
use clap::error::ErrorKind;
use http::header::HOST;
use serde::Serialize;
use std::{
    io::{Read, Write},
    net::Ipv4Addr,
    process::ExitCode,
};
use verdict::{cases, changes, judge};

/// What the gate makes of a request.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// What becomes of it.
    pub verdict: Verdict,
    /// What was read, unless it was too ambiguous to be.
    pub request: Option<Reading>,
    /// Why it is refused, where no rule is needed for it.
    pub refusal: Option<Refusal>,
    /// The rule that stands against it.
    pub rule: Option<Cited>,
    /// Who told what the target is encrypted with: a part of the request, something known, or nobody.
    pub told_by: &'static str,
    /// What the target may be encrypted with after that, if it was not the request that told.
    pub told: Option<Vec<&'static str>>,
    /// What it depends on, or what was assumed of it.
    pub depends_on: Option<&'static str>,
    /// What the possibilities would mean.
    pub cases: Vec<Case>,
    /// What would change it.
    pub changes: Vec<Change>,
}

/// Why a request is refused before or after the rules.
#[derive(Debug, Serialize)]
pub struct Refusal {
    /// The id in log lines and headers.
    pub id: &'static str,
    /// The OBS error code.
    pub code: &'static str,
    /// What the caller is told.
    pub message: &'static str,
}

/// A rule with where it is written.
#[derive(Debug, Serialize)]
pub struct Cited {
    /// Its name.
    pub name: String,
    /// Whether it demands HTTPS.
    pub https: bool,
    /// Whether it demands Signature Version 4.
    pub v4: bool,
    /// Document, table and row.
    pub citations: Vec<String>,
}

/// Answers the command.
///
/// # Errors
/// What is wrong with the command line, the profile or the output.
pub fn run(args: &ExplainArgs, input: &mut impl Read, output: &mut impl Write) -> Result<ExitCode, Failure> {
    let profile = Profile::load(&args.profile, Settings::default()).map_err(Failure::Settings)?;
    let asked = if let (Some(method), Some(url)) = (&args.method, &args.url) {
        Asked::from_url(method, url, &args.headers, &args.fields)
    } else {
        let mut head = Vec::new();
        input.read_to_end(&mut head)?;
        Asked::from_head(&head, args.scheme)
    };
    let asked = asked.map_err(|usage| {
        Failure::Usage(clap::Error::raw(ErrorKind::ValueValidation, format!("{usage}\n")))
    })?;
    let endpoints = match args.domains.as_slice() {
        [] => asked.endpoints(),
        domains => Endpoints {
            domains: domains.iter().map(|one| one.to_ascii_lowercase()).collect(),
            custom_domains: CustomDomains::default(),
        },
    };
    let known = Known {
        upload: args.upload,
        bucket_default: args.bucket_default,
    };
    let explanation = asked.explain(&profile.policy, &endpoints, known);
    match args.format {
        ExplainFormat::Text => write!(output, "{explanation}")?,
        ExplainFormat::Json => {
            serde_json::to_writer_pretty(&mut *output, &explanation).map_err(std::io::Error::from)?;
            writeln!(output)?;
        }
    }
    Ok(explanation.exit_code())
}

impl Asked {
    /// What a gate would make of it that knows this besides.
    pub fn explain(&self, policy: &Policy, endpoints: &Endpoints, known: Known) -> Explanation {
        match self.classify(endpoints) {
            Ok((classified, form)) => explain(&classified, form, policy, known),
            Err(refusal) => Explanation {
                verdict: Verdict::Refused,
                request: None,
                refusal: Some(refusal),
                rule: None,
                told_by: Told::Nobody.name(),
                told: None,
                depends_on: None,
                cases: Vec::new(),
                changes: Vec::new(),
            },
        }
    }

    /// Reads the head, and the form if it has one.
    fn classify(&self, endpoints: &Endpoints) -> Result<(Classified<'_>, Option<&Form>), Refusal> {
        let arrival = Arrival {
            scheme: self.scheme,
            peer: (Ipv4Addr::LOCALHOST, 0).into(),
        };
        let mut classified = classify(&self.head, arrival, endpoints).map_err(Refusal::from)?;
        let form = match &self.form {
            Some(form) if classified.awaits_form() => form.as_ref().map_err(|error| Refusal::from(*error))?,
            _ => return Ok((classified, None)),
        };
        classified.read_form(form).map_err(Refusal::from)?;
        Ok((classified, Some(form)))
    }

    /// The endpoint that the host most likely belongs to, where nobody said: from the label that names the service,
    /// or the whole host.
    pub fn endpoints(&self) -> Endpoints {
        let host = self
            .head
            .headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let name = host
            .split_once(':')
            .map_or(host, |(name, _)| name)
            .to_ascii_lowercase();
        let mut domain = name.as_str();
        while let Some((label, rest)) = domain.split_once('.') {
            if SERVICES.contains(&label) {
                return Endpoints {
                    domains: vec![domain.to_owned()],
                    ..Endpoints::default()
                };
            }
            domain = rest;
        }
        Endpoints {
            domains: vec![name],
            ..Endpoints::default()
        }
    }
}

impl Explanation {
    /// 0 allowed, 1 refused, 2 not decidable from the request alone.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.verdict {
            Verdict::Allowed => 0,
            Verdict::Refused => 1,
            Verdict::Undecided => 2,
        })
    }
}

impl From<Malformed> for Refusal {
    fn from(why: Malformed) -> Self {
        Self {
            id: why.id(),
            code: why.code().as_str(),
            message: why.message(),
        }
    }
}

impl From<FormError> for Refusal {
    fn from(why: FormError) -> Self {
        Self {
            id: why.id(),
            code: why.code().as_str(),
            message: why.message(),
        }
    }
}

impl From<Defect> for Refusal {
    fn from(why: Defect) -> Self {
        Self {
            id: why.id(),
            code: why.code().as_str(),
            message: why.message(),
        }
    }
}

fn explain(classified: &Classified<'_>, form: Option<&Form>, policy: &Policy, known: Known) -> Explanation {
    let (facts, teller) = (classified.facts, classified.target);
    let ruling = judge(policy, facts, teller, known);
    let defect = classified.defect().filter(|_| ruling.verdict != Verdict::Refused);
    let verdict = if defect.is_some() {
        Verdict::Refused
    } else {
        ruling.verdict
    };
    let undecided = verdict == Verdict::Undecided;
    Explanation {
        verdict,
        request: Some(Reading::of(classified, form)),
        refusal: defect.map(Refusal::from),
        rule: ruling.rule.and_then(|id| cited(policy, id)),
        told_by: match ruling.told {
            Some((Teller::Upload, _)) => Told::Upload.name(),
            Some(_) => "bucket default",
            None => Told::by_request(classified).name(),
        },
        told: ruling.told.map(|(_, target)| reading::named(target)),
        depends_on: (undecided || ruling.assumed).then(|| depends_on(teller, undecided)),
        cases: if undecided && teller != Teller::Form {
            let possible = facts
                .also
                .map_or(facts.target, |also| facts.target.union(also.target));
            cases(policy, facts, possible)
        } else {
            Vec::new()
        },
        changes: if ruling.verdict == Verdict::Allowed {
            Vec::new()
        } else {
            changes(policy, facts, teller, known)
        },
    }
}

const fn depends_on(teller: Teller, undecided: bool) -> &'static str {
    match (teller, undecided) {
        (Teller::BucketDefault, false) => {
            "nothing is known of the bucket's default encryption; it is taken to be none"
        }
        (Teller::BucketDefault, true) => "the bucket's default encryption",
        (Teller::Upload, false) => "nothing is known of the upload's encryption; the settings allow it",
        (Teller::Upload, true) => {
            "the encryption of the upload, which the gate knows if it saw the upload begin"
        }
        (Teller::Response, _) => "the object's encryption, which the answer tells: it is held until then",
        (Teller::Form, _) => {
            "the form: neither signature nor encryption is known before it is read up to its file"
        }
        (Teller::Object | Teller::Nobody, _) => "the encryption of the stored object",
    }
}

fn cited(policy: &Policy, id: RuleId) -> Option<Cited> {
    let rule = policy.rule(id)?;
    let place = |one: &crate::policy::Citation| format!("{}, {}, row {}", one.document, one.table, one.row);
    Some(Cited {
        name: rule.name.clone(),
        https: rule.requirement.https,
        v4: rule.requirement.v4,
        citations: rule.citations.iter().map(place).collect(),
    })
}

/// Labels that begin the name of an endpoint.
const SERVICES: [&str; 5] = ["obs", "oss", "s3", "obs-website", "oos"];
