//! Rules compiled into a table: one index, two mask tests.

use super::{Decision, Facts, Requirement, Role, Rule, RuleId, Scope, settle::Settings};
use crate::obs::{
    auth::Auth,
    encryption::{Encryption, EncryptionSet},
    operation::Operation,
    scheme::Scheme,
};
use std::fmt;

/// The rules in force, ready to decide.
#[derive(Debug)]
pub struct Policy {
    cells: Box<[Cell]>,
    customer_key: Option<(RuleId, Requirement)>,
    rules: Vec<Rule>,
    pub(super) settings: Settings,
}

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

impl Policy {
    /// Compiles rules, or says everything that is wrong with them.
    ///
    /// # Errors
    /// Every duplicate name, contradiction and hole.
    pub fn compile(rules: Vec<Rule>, settings: Settings) -> Result<Self, Vec<CompileError>> {
        let errors = faults(&rules);
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut cells = vec![Cell::default(); CELLS].into_boxed_slice();
        let mut customer_key = None;
        for (id, rule) in (0..).map(RuleId).zip(&rules) {
            match rule.scope {
                Scope::CustomerKey => customer_key = Some((id, rule.requirement)),
                Scope::Row {
                    operation,
                    source,
                    target,
                } => {
                    for (scheme, auth) in requests() {
                        if breaks(rule.requirement, scheme, auth, settings.obs_scheme_exempt) {
                            let sources = source.map_or(EncryptionSet::ALL, EncryptionSet::only);
                            let pairs = pairs(EncryptionSet::only(target), sources);
                            if let Some(cell) = cells.get_mut(place(operation, scheme, auth)) {
                                cell.deny(pairs, id);
                            }
                        }
                    }
                }
            }
        }
        Ok(Self {
            cells,
            customer_key,
            rules,
            settings,
        })
    }

    /// Decides. Allocates nothing.
    pub fn decide(&self, facts: Facts) -> Decision {
        let judged = self.judge(facts, facts.operation, facts.target);
        let also = facts.also.map_or(Decision::Allow, |also| {
            self.judge(facts, also.operation, also.target)
        });
        let key = self
            .customer_key
            .filter(|(_, requirement)| {
                facts.customer_key
                    && breaks(
                        *requirement,
                        facts.scheme,
                        facts.auth,
                        self.settings.obs_scheme_exempt,
                    )
            })
            .map_or(Decision::Allow, |(id, _)| Decision::Deny(id));
        judged.stricter(also).stricter(key)
    }

    /// The rule with this number.
    pub fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.rules.get(usize::from(id.0))
    }

    /// All rules, in the order of their numbers.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    fn judge(&self, facts: Facts, operation: Operation, target: EncryptionSet) -> Decision {
        let Some(cell) = self.cells.get(place(operation, facts.scheme, facts.auth)) else {
            return Decision::Allow;
        };
        let possible = pairs(target, facts.source);
        let denied = possible & cell.denied;
        if denied == 0 {
            return Decision::Allow;
        }
        if denied == possible {
            let first = denied.trailing_zeros() as usize;
            return Decision::Deny(cell.rules.get(first).copied().unwrap_or(RuleId(0)));
        }
        Decision::NeedsState(if target.known().is_none() {
            Role::Target
        } else {
            Role::Source
        })
    }
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

/// What the rules say of one operation, scheme and signature: which of the sixteen pairs of target and source they
/// deny, and by which rule.
#[derive(Clone, Copy, Debug)]
struct Cell {
    denied: u16,
    rules: [RuleId; 16],
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            denied: 0,
            rules: [RuleId(0); 16],
        }
    }
}

impl Cell {
    fn deny(&mut self, pairs: u16, id: RuleId) {
        self.denied |= pairs;
        for (n, rule) in self.rules.iter_mut().enumerate() {
            if pairs & (1 << n) != 0 {
                *rule = id;
            }
        }
    }
}

/// The pairs of a target and a source: bit `4 * target + source`.
const fn pairs(target: EncryptionSet, source: EncryptionSet) -> u16 {
    let (target, source) = (target.bits() as u16, source.bits() as u16);
    let spread = (target & 1) | (target & 2) << 3 | (target & 4) << 6 | (target & 8) << 9;
    spread * source
}

const fn place(operation: Operation, scheme: Scheme, auth: Auth) -> usize {
    (operation as usize * Scheme::ALL.len() + scheme as usize) * Auth::ALL.len() + auth as usize
}

fn requests() -> impl Iterator<Item = (Scheme, Auth)> {
    Scheme::ALL
        .into_iter()
        .flat_map(|scheme| Auth::ALL.into_iter().map(move |auth| (scheme, auth)))
}

/// Whether a request breaks a requirement. "V2 or V4" restricts nothing; "V4" refuses V2, anonymous and unknown.
fn breaks(requirement: Requirement, scheme: Scheme, auth: Auth, obs_scheme_exempt: bool) -> bool {
    let exempt = obs_scheme_exempt && auth == Auth::ObsV2;
    (requirement.https && scheme != Scheme::Https) || (requirement.v4 && auth != Auth::V4 && !exempt)
}

fn faults(rules: &[Rule]) -> Vec<CompileError> {
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

fn overlap(a: Scope, b: Scope) -> bool {
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

const CELLS: usize = Operation::ALL.len() * Scheme::ALL.len() * Auth::ALL.len();
