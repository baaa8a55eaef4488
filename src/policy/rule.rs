//! A row of a published table as a rule: what it is about, what it demands, and where it is written.

use crate::obs::{encryption::Encryption, operation::Operation};

/// The place of a rule in its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub(super) u16);

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Unique within a policy; in every log line, metric and refusal.
    pub name: String,
    /// What the row is about.
    pub scope: Scope,
    /// What it demands.
    pub requirement: Requirement,
    /// Where it is written; several places when documents agree.
    pub citations: Vec<Citation>,
}

/// The requests a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A row of a table.
    Row {
        /// The operation the row names.
        operation: Operation,
        /// The source's encryption; `None` for every source, as in the tables without that column.
        source: Option<Encryption>,
        /// The target's encryption.
        target: Encryption,
    },
    /// Every request that carries any part of a customer key, whatever the operation.
    CustomerKey,
}

/// What a rule demands of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// Only HTTPS will do.
    pub https: bool,
    /// Only Signature Version 4 will do.
    pub v4: bool,
}

impl Scope {
    /// The operation and the target of a row that names a source.
    pub const fn copy_target(self) -> Option<(Operation, Encryption)> {
        match self {
            Self::Row {
                operation,
                source: Some(_),
                target,
            } => Some((operation, target)),
            _ => None,
        }
    }

    /// The source that a row names.
    pub const fn source(self) -> Option<Encryption> {
        match self {
            Self::Row { source, .. } => source,
            Self::CustomerKey => None,
        }
    }
}

impl Requirement {
    /// Whether anything is demanded at all.
    pub const fn is_something(self) -> bool {
        self.https || self.v4
    }

    /// The union: whatever either demands.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self {
            https: self.https || other.https,
            v4: self.v4 || other.v4,
        }
    }
}

/// Where a rule is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// The document.
    pub document: String,
    /// The table's title or number within it.
    pub table: String,
    /// The row within the table, from 1.
    pub row: u32,
    /// What this row demands; united rules cite rows that demand different things.
    pub requirement: Requirement,
}
