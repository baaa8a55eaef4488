//! Why rules do not make a policy: names used twice, rows that contradict each other, holes in a matrix.

use super::{Rule, Scope};
use crate::obs::{encryption::Encryption, operation::Operation};
use std::fmt;

/// Why rules do not make a policy. Rules are named by their place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// Two rules have one name.
    DuplicateName {
        /// The first rule.
        first: usize,
        /// The one that repeats its name.
        second: usize,
    },
    /// Two rules speak of the same request.
    Contradiction {
        /// The first rule.
        first: usize,
        /// The one that speaks of the same request again.
        second: usize,
    },
    /// A matrix of sources and targets lacks a row.
    Hole {
        /// The operation of the matrix.
        operation: Operation,
        /// The source that lacks the row.
        source: Encryption,
        /// The target that lacks the row.
        target: Encryption,
    },
    /// More rules than a rule's number can count.
    TooMany,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateName { .. } => f.write_str("the name is used twice"),
            Self::Contradiction { .. } => f.write_str("another row speaks of the same request"),
            Self::Hole {
                operation,
                source,
                target,
            } => {
                write!(f, "no row for `{operation}` from `{source}` to `{target}`")
            }
            Self::TooMany => write!(f, "more than {} rules", u16::MAX),
        }
    }
}

impl std::error::Error for CompileError {}

/// Everything that is wrong with these rules.
pub(super) fn faults(rules: &[Rule]) -> Vec<CompileError> {
    let mut errors = Vec::new();
    if rules.len() > usize::from(u16::MAX) {
        errors.push(CompileError::TooMany);
    }
    for (second, rule) in rules.iter().enumerate() {
        for (first, earlier) in rules.iter().enumerate().take(second) {
            if earlier.name == rule.name {
                errors.push(CompileError::DuplicateName { first, second });
            }
            if overlap(earlier.scope, rule.scope) {
                errors.push(CompileError::Contradiction { first, second });
            }
        }
    }
    errors.extend(holes(rules));
    errors
}

/// Whether two scopes have a request in common.
pub(super) fn overlap(a: Scope, b: Scope) -> bool {
    match (a, b) {
        (Scope::CustomerKey, Scope::CustomerKey) => true,
        (
            Scope::Row {
                operation,
                source,
                target,
            },
            Scope::Row {
                operation: other_operation,
                source: other_source,
                target: other_target,
            },
        ) => {
            operation == other_operation
                && target == other_target
                && (source == other_source || source.is_none() || other_source.is_none())
        }
        _ => false,
    }
}

/// A matrix is complete over the encryptions it names, as a source or as a target.
fn holes(rules: &[Rule]) -> Vec<CompileError> {
    let mut errors = Vec::new();
    for operation in Operation::ALL {
        let rows: Vec<(Encryption, Encryption)> = rules
            .iter()
            .filter_map(|rule| match rule.scope {
                Scope::Row {
                    operation: this,
                    source: Some(source),
                    target,
                } if this == operation => Some((source, target)),
                _ => None,
            })
            .collect();
        let named = |one: Encryption| {
            rows.iter()
                .any(|(source, target)| *source == one || *target == one)
        };
        for source in Encryption::ALL.into_iter().filter(|one| named(*one)) {
            for target in Encryption::ALL.into_iter().filter(|one| named(*one)) {
                if !rows.contains(&(source, target)) {
                    errors.push(CompileError::Hole {
                        operation,
                        source,
                        target,
                    });
                }
            }
        }
    }
    errors
}
