//! How much the gate keeps: of what it learns, and of a form before its file.

use super::{
    error::Fault,
    section::{Section, Source},
};
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What is remembered of stored things, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateSettings {
    /// The file in which it survives a restart; `None` where it does not.
    pub file: Option<PathBuf>,
    /// How many uploads, objects and bucket defaults are remembered at most.
    pub capacity: usize,
}

/// How much of a form is read before its file (obs-facts §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormSettings {
    /// Bytes, the head of the file's part included.
    pub max_bytes: usize,
    /// Fields.
    pub max_fields: usize,
}

/// `[state]`, as written.
pub(super) struct StateTable {
    file: Option<Spanned<String>>,
    capacity: Option<u32>,
}

impl StateTable {
    pub(super) fn read(table: Section<'_>) -> Self {
        let read = Self {
            file: table.string(FILE),
            capacity: table.count_within("capacity", 1_000..=100_000_000),
        };
        table.finish();
        read
    }

    /// Notes a file that cannot be there. The file itself is opened when the gate starts.
    pub(super) fn resolve(self, source: &Source<'_>, base: &Path) -> StateSettings {
        let default = StateSettings::default();
        let file = self.file.map(|name| {
            let path = base.join(name.get_ref());
            if let Some(problem) = misplaced(&path) {
                let fault = Fault::File {
                    setting: FILE,
                    path: path.clone(),
                    problem: problem.to_owned(),
                };
                source.report(name.span().start, fault);
            }
            path
        });
        StateSettings {
            file,
            capacity: widened(self.capacity).unwrap_or(default.capacity),
        }
    }
}

/// Reads `[form]`.
pub(super) fn read_form(table: Section<'_>) -> FormSettings {
    let default = FormSettings::default();
    let read = FormSettings {
        max_bytes: widened(table.count_within("max_bytes", 1_024..=1_048_576)).unwrap_or(default.max_bytes),
        max_fields: widened(table.count_within("max_fields", 1..=1_000)).unwrap_or(default.max_fields),
    };
    table.finish();
    read
}

impl StateSettings {
    /// The same, kept in a file.
    #[must_use]
    pub fn with_file(self, file: impl Into<PathBuf>) -> Self {
        Self {
            file: Some(file.into()),
            ..self
        }
    }

    /// The same with room for so many things.
    #[must_use]
    pub fn with_capacity(self, capacity: usize) -> Self {
        Self { capacity, ..self }
    }
}

impl FormSettings {
    /// Other bounds.
    pub const fn new(max_bytes: usize, max_fields: usize) -> Self {
        Self {
            max_bytes,
            max_fields,
        }
    }
}

impl Default for StateSettings {
    /// A million things, in memory.
    fn default() -> Self {
        Self {
            file: None,
            capacity: 1_000_000,
        }
    }
}

impl Default for FormSettings {
    /// 64 KiB and 100 fields.
    fn default() -> Self {
        Self::new(64 << 10, 100)
    }
}

fn misplaced(path: &Path) -> Option<&'static str> {
    if path.is_dir() {
        return Some("a directory; allowed: a file, which need not exist yet");
    }
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let absent = directory.is_some_and(|directory| !directory.is_dir());
    absent.then_some("its directory does not exist; allowed: a file, new or not, in one that does")
}

fn widened(count: Option<u32>) -> Option<usize> {
    count.and_then(|count| usize::try_from(count).ok())
}

const FILE: &str = "file";
