//! A profile: rules read from a policy file, one of those that come with obsgate or an operator's own.

use super::{
    error::{Fault, Mistake, Mistakes, Place, RowsFault, choices},
    policy_file::{PolicyFile, Row},
    read_to_string,
    section::Source,
    union::unite,
};
use crate::policy::{CompileError, Policy, Rule, Scope, Settings};
use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The rules of a policy file, compiled.
#[derive(Debug)]
pub struct Profile {
    /// The file's `name`; the rules' ids begin with it.
    pub name: String,
    /// The rules.
    pub policy: Policy,
}

/// What the setting `profile` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileName {
    /// One that comes with obsgate.
    Builtin(Builtin),
    /// A policy file.
    File(PathBuf),
}

/// The profiles that come with obsgate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Builtin {
    /// The union of the others, and https for everything that carries a customer key.
    #[default]
    Strict,
    /// Huawei Cloud's tables, with SSE-OBS in the copy tables.
    Huawei,
    /// Huawei Cloud's older tables.
    HuaweiLegacy,
    /// T-Systems' tables of the S3-compatible API, with the signature version.
    OtcS3,
}

/// A word that is neither a profile's name nor a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownProfile {
    /// The word.
    pub found: String,
    /// What is allowed.
    pub allowed: String,
}

impl Profile {
    /// Compiles one of the profiles that come with obsgate.
    ///
    /// # Errors
    /// None for these files: the tests read them all.
    pub fn builtin(builtin: Builtin, settings: Settings) -> Result<Self, Mistakes> {
        Self::read(builtin.text(), &builtin.path(), settings)
    }

    /// Reads the profile of this name, or the file of this path.
    ///
    /// # Errors
    /// Every mistake in the file.
    pub fn load(name: &ProfileName, settings: Settings) -> Result<Self, Mistakes> {
        match name {
            ProfileName::Builtin(builtin) => Self::builtin(*builtin, settings),
            ProfileName::File(path) => Self::read(&read_to_string(path)?, path, settings),
        }
    }

    /// Reads the text of a policy file. What the file says of the `OBS` scheme goes before the settings.
    ///
    /// # Errors
    /// Every mistake in the text.
    pub fn read(text: &str, path: &Path, settings: Settings) -> Result<Self, Mistakes> {
        let source = Source::new(path, text);
        let root = source.parse();
        let own = PolicyFile::read(&source, &root);
        let settings = Settings {
            obs_scheme_exempt: own.obs_scheme_exempt,
            ..settings
        };
        let mut mistakes = source.into_mistakes();
        let has_mistakes = !mistakes.is_empty();
        // The file's own tables first: within one file, rows that overlap contradict each other.
        let compiled = compile(own.rows.clone(), settings, &mut mistakes);
        if has_mistakes {
            // A row that could not be read leaves a hole that is none.
            mistakes.retain(|mistake| !matches!(mistake.fault, Fault::Rows(RowsFault::Hole { .. })));
        }
        let compiled = if own.union.is_empty() || !mistakes.is_empty() {
            compiled
        } else {
            let mut files = Vec::new();
            for builtin in &own.union {
                files.push(rows_of(*builtin, &mut mistakes));
            }
            files.push(own.rows);
            compile(unite(&files, &own.name), settings, &mut mistakes)
        };
        match (Mistakes::among(mistakes), compiled) {
            (None, Some(policy)) => Ok(Self {
                name: own.name,
                policy,
            }),
            (mistakes, _) => Err(mistakes.unwrap_or_default()),
        }
    }
}

impl Builtin {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Strict, Self::Huawei, Self::HuaweiLegacy, Self::OtcS3];

    /// The literal ones: each the tables of one publisher, row by row.
    pub const LITERAL: [Self; 3] = [Self::Huawei, Self::HuaweiLegacy, Self::OtcS3];

    /// The name in settings and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Huawei => "huawei",
            Self::HuaweiLegacy => "huawei-legacy",
            Self::OtcS3 => "otc-s3",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Strict => include_str!("../../config/policies/strict.toml"),
            Self::Huawei => include_str!("../../config/policies/huawei.toml"),
            Self::HuaweiLegacy => include_str!("../../config/policies/huawei-legacy.toml"),
            Self::OtcS3 => include_str!("../../config/policies/otc-s3.toml"),
        }
    }

    fn path(self) -> PathBuf {
        format!("config/policies/{}.toml", self.name()).into()
    }
}

impl FromStr for ProfileName {
    type Err = UnknownProfile;

    /// A name, or a path: whatever has a `/` or a `.` in it, as no name has.
    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        let builtin = Builtin::ALL.into_iter().find(|one| one.name() == text);
        let path = || text.contains(['/', '.']).then(|| Self::File(text.into()));
        builtin.map(Self::Builtin).or_else(path).ok_or_else(|| {
            let names = choices(&Builtin::ALL.map(Builtin::name));
            UnknownProfile {
                found: text.to_owned(),
                allowed: format!("{names}, or the path of a policy file, with a `/` or a `.` in it"),
            }
        })
    }
}

impl fmt::Display for UnknownProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown profile `{}`; allowed: {}", self.found, self.allowed)
    }
}

impl std::error::Error for UnknownProfile {}

fn rows_of(builtin: Builtin, mistakes: &mut Vec<Mistake>) -> Vec<Row> {
    let path = builtin.path();
    let source = Source::new(&path, builtin.text());
    let root = source.parse();
    let file = PolicyFile::read(&source, &root);
    mistakes.extend(source.into_mistakes());
    file.rows
}

fn compile(rows: Vec<Row>, settings: Settings, mistakes: &mut Vec<Mistake>) -> Option<Policy> {
    let (rules, places): (Vec<Rule>, Vec<Place>) = rows.into_iter().map(|row| (row.rule, row.place)).unzip();
    let errors = match Policy::compile(rules.clone(), settings) {
        Ok(policy) => return Some(policy),
        Err(errors) => errors,
    };
    let named = |n: usize| Some((rules.get(n)?, places.get(n)?));
    mistakes.extend(errors.into_iter().filter_map(|error| {
        let (place, fault) = match error {
            CompileError::DuplicateName { first, second } => {
                let ((rule, place), (_, first)) = (named(second)?, named(first)?);
                let (id, first) = (rule.name.clone(), first.clone());
                (place, RowsFault::RepeatedId { id, first })
            }
            CompileError::Contradiction { first, second } => {
                let ((rule, place), (_, first)) = (named(second)?, named(first)?);
                let (id, first) = (rule.name.clone(), first.clone());
                (place, RowsFault::Contradiction { id, first })
            }
            CompileError::Hole {
                operation,
                source,
                target,
            } => {
                let of_matrix = |rule: &Rule| matches!(rule.scope, Scope::Row { operation: this, source: Some(_), .. } if this == operation);
                let (_, place) = named(rules.iter().position(of_matrix)?)?;
                (
                    place,
                    RowsFault::Hole {
                        operation,
                        source,
                        target,
                    },
                )
            }
            CompileError::TooMany => (places.last()?, RowsFault::TooManyRules),
        };
        Some(Mistake {
            place: place.clone(),
            fault: Fault::Rows(fault),
        })
    }));
    None
}
