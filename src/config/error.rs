//! Every mistake of a settings or policy file: where it is, what was found, and what is allowed there.

use crate::obs::{encryption::Encryption, operation::Operation};
use std::{fmt, io, path::PathBuf};

/// All mistakes found in one reading, in the order of their places. Displays as one line each.
#[derive(Debug, Default)]
pub struct Mistakes(Vec<Mistake>);

/// One mistake.
#[derive(Debug)]
pub struct Mistake {
    /// Where it stands.
    pub place: Place,
    /// What is wrong.
    pub fault: Fault,
}

/// Something that is allowed and probably not meant.
#[derive(Debug)]
pub struct Warning {
    /// Where it stands.
    pub place: Place,
    /// What is doubtful.
    pub doubt: Doubt,
}

/// A place in a file. Line and column count from 1, the column in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// What can be wrong.
#[derive(Debug)]
pub enum Fault {
    /// The file itself cannot be read.
    Unreadable(io::Error),
    /// The text is not TOML.
    Syntax(String),
    /// A setting that does not exist in this table.
    UnknownSetting {
        /// What was written.
        found: String,
        /// The settings there are.
        allowed: Vec<&'static str>,
    },
    /// A setting or table that must be there.
    Missing {
        /// Its name.
        setting: &'static str,
        /// What it would hold.
        wanted: &'static str,
    },
    /// A value of another type.
    WrongType {
        /// The setting.
        setting: &'static str,
        /// The type that was found.
        found: &'static str,
        /// The type that is allowed.
        allowed: &'static str,
    },
    /// A value that is not allowed.
    WrongValue {
        /// The setting.
        setting: &'static str,
        /// What was found.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// A setting that would have no effect beside another.
    NoEffect {
        /// The setting.
        setting: &'static str,
        /// Why it would have none.
        because: &'static str,
    },
    /// The same value where each must be another.
    Repeated {
        /// The setting.
        setting: &'static str,
        /// The value.
        found: String,
        /// Where it was first.
        first: Place,
    },
    /// Cleartext to the upstream without saying so.
    PlaintextUpstream {
        /// The URL.
        url: String,
    },
    /// A file that a setting names, and that cannot be used.
    File {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A private key that everybody may replace (rulings, 39).
    KeyWritableByAll {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A variable of the environment that cannot be used. Neither its name nor its value is told: what stands where a
    /// name should may be the secret itself.
    Environment {
        /// The setting.
        setting: &'static str,
        /// Why not.
        problem: &'static str,
    },
    /// A bucket default that cannot be.
    Bucket(BucketFault),
    /// Rows that do not go together.
    Rows(RowsFault),
}

/// What can be wrong with a bucket default that is declared.
#[derive(Debug)]
pub enum BucketFault {
    /// It is said to encrypt with keys that only its clients have.
    CustomerKey,
    /// Two declarations fit one bucket and say different things of it.
    Contradiction {
        /// The name in the second.
        found: String,
        /// The name in the first.
        other: String,
        /// Where the first stands.
        first: Place,
    },
}

/// What can be wrong with the rows of a policy file together.
#[derive(Debug)]
pub enum RowsFault {
    /// Two rules of one id.
    RepeatedId {
        /// The id.
        id: String,
        /// Where it was first.
        first: Place,
    },
    /// Two rows about the same request.
    Contradiction {
        /// The id of the second row's rule.
        id: String,
        /// Where the first row stands.
        first: Place,
    },
    /// A matrix of sources and targets without a row for one pair.
    Hole {
        /// The operation of the matrix.
        operation: Operation,
        /// The source that lacks a row.
        source: Encryption,
        /// The target that lacks a row.
        target: Encryption,
    },
    /// More rules than there are numbers for.
    TooManyRules,
}

/// What can be doubtful.
#[derive(Debug)]
pub enum Doubt {
    /// A private key that everybody may read (rulings, 39).
    KeyReadableByAll {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// `danger_plaintext_upstream` beside an https upstream.
    UnneededDanger,
}

impl Mistakes {
    /// Just one.
    pub(super) fn of(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }

    /// The mistakes, unless there are none.
    pub(super) fn among(mut found: Vec<Mistake>) -> Option<Self> {
        found.sort_by(|a, b| a.place.cmp(&b.place));
        (!found.is_empty()).then_some(Self(found))
    }

    /// The mistakes, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }

    /// The mistakes as a list.
    pub(super) fn into_vec(self) -> Vec<Mistake> {
        self.0
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, mistake) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.doubt)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot be read: {error}"),
            Self::Syntax(message) => write!(f, "not TOML: {message}"),
            Self::UnknownSetting { found, allowed } => {
                write!(f, "unknown setting `{found}`; allowed here: {}", choices(allowed))
            }
            Self::Missing { setting, wanted } => write!(f, "`{setting}` is missing; it is {wanted}"),
            Self::WrongType {
                setting,
                found,
                allowed,
            } => write!(f, "`{setting}` is of type {found}; allowed: {allowed}"),
            Self::WrongValue {
                setting,
                found,
                allowed,
            } => write!(f, "`{setting}` is `{found}`; allowed: {allowed}"),
            Self::NoEffect { setting, because } => {
                write!(f, "`{setting}` has no effect {because}; remove it")
            }
            Self::Repeated {
                setting,
                found,
                first,
            } => write!(
                f,
                "`{setting}` is `{found}` again; first at {first}, each may be used once"
            ),
            Self::PlaintextUpstream { url } => write!(
                f,
                "`url` is `{url}`, which sends keys and objects in clear; allowed: an https URL, or \
                 `danger_plaintext_upstream = true` beside it"
            ),
            Self::File {
                setting,
                path,
                problem,
            } => write!(f, "`{setting}` names `{}`: {problem}", path.display()),
            Self::KeyWritableByAll { path, mode } => write!(
                f,
                "`private_key` names `{}` of mode {mode:04o}, which everybody may replace; allowed: a file \
                 that others may not write (`chmod o-w`)",
                path.display()
            ),
            Self::Environment { setting, problem } => write!(f, "`{setting}` {problem}"),
            Self::Bucket(fault) => fault.fmt(f),
            Self::Rows(fault) => fault.fmt(f),
        }
    }
}

impl fmt::Display for BucketFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CustomerKey => f.write_str(
                "`default_encryption` is `sse-c`, which no bucket can have: its key comes with each request; \
                 allowed: `sse-kms`, `sse-obs`, `none`",
            ),
            Self::Contradiction { found, other, first } => write!(
                f,
                "`{found}` fits buckets that `{other}` at {first} fits, with another default; allowed: one default \
                 for a bucket"
            ),
        }
    }
}

impl fmt::Display for RowsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RepeatedId { id, first } => {
                write!(
                    f,
                    "the id `{id}` is used again; first at {first}, each may be used once"
                )
            }
            Self::Contradiction { id, first } => {
                write!(
                    f,
                    "`{id}` is about the same request as the row at {first}; one row each is allowed"
                )
            }
            Self::Hole {
                operation,
                source,
                target,
            } => write!(
                f,
                "`{operation}` has no row from `{source}` to `{target}`; a matrix has one for every pair of \
                 the encryptions it names"
            ),
            Self::TooManyRules => write!(f, "more than {} rows", u16::MAX),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyReadableByAll { path, mode } => write!(
                f,
                "`private_key` names `{}` of mode {mode:04o}, which everybody may read; better: `chmod o-r`",
                path.display()
            ),
            Self::UnneededDanger => {
                f.write_str("`danger_plaintext_upstream` is true, but `url` is https already; remove it")
            }
        }
    }
}

/// Words as a list of choices: each in backticks.
pub(super) fn choices(words: &[&str]) -> String {
    if words.is_empty() {
        return "nothing".to_owned();
    }
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
