//! Rules compiled into a table: one index, two mask tests.

use super::{
    Decision, Facts, Requirement, Role, Rule, RuleId, Scope,
    faults::{CompileError, faults, overlap},
    settle::Settings,
};
use crate::obs::{
    auth::Auth,
    encryption::{Encryption, EncryptionSet},
    operation::Operation,
    scheme::Scheme,
};
use std::iter;

/// The rules in force, ready to decide.
#[derive(Debug)]
pub struct Policy {
    cells: Box<[Cell]>,
    customer_key: Option<(RuleId, Requirement)>,
    rules: Vec<Rule>,
    pub(super) settings: Settings,
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
                    operation, target, ..
                } => {
                    let pairs = pairs(EncryptionSet::only(target), sources_of(&rules, rule));
                    let alias = alias(&rules, operation, rule.scope);
                    let denied = requests()
                        .filter(|(scheme, auth)| breaks(rule.requirement, *scheme, *auth, settings));
                    for (scheme, auth) in denied {
                        for operation in iter::once(operation).chain(alias) {
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
        let first = self.judge(facts, facts.operation, facts.target);
        let second = facts.also.map_or(Verdict::NO_RULE, |also| {
            self.judge(facts, also.operation, also.target)
        });
        let decision = first.join(second);
        match self.customer_key {
            Some((id, requirement))
                if facts.customer_key
                    && !matches!(decision, Decision::Deny(_))
                    && breaks(requirement, facts.scheme, facts.auth, self.settings) =>
            {
                Decision::Deny(id)
            }
            _ => decision,
        }
    }

    /// The rule with this number.
    pub fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.rules.get(usize::from(id.0))
    }

    /// All rules, in the order of their numbers.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The operator's settings.
    pub const fn settings(&self) -> Settings {
        self.settings
    }

    fn judge(&self, facts: Facts, operation: Operation, target: EncryptionSet) -> Verdict {
        let Some(cell) = self.cells.get(place(operation, facts.scheme, facts.auth)) else {
            return Verdict::NO_RULE;
        };
        let possible = pairs(target, facts.source);
        let denied = possible & cell.denied;
        let first = denied.trailing_zeros() as usize;
        Verdict {
            denied_sources: sources(denied),
            allowed_sources: sources(possible & !denied),
            rule: cell.rules.get(first).copied().unwrap_or(RuleId(0)),
        }
    }
}

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

/// What the rows of one operation say of a request. A source may be in both sets: then the target decides.
#[derive(Clone, Copy)]
struct Verdict {
    /// The possible sources for which some possible target is denied.
    denied_sources: u16,
    /// The possible sources for which some possible target is allowed.
    allowed_sources: u16,
    /// The rule that denies the first pair, if one is denied.
    rule: RuleId,
}

impl Verdict {
    const NO_RULE: Self = Self {
        denied_sources: 0,
        allowed_sources: 0b1111,
        rule: RuleId(0),
    };

    /// The decision on a request that both verdicts are about. They share the source, and either may deny: the request
    /// is allowed for certain if neither denies anything, and denied for certain if no source is left that both allow.
    const fn join(self, other: Self) -> Decision {
        if self.denied_sources | other.denied_sources == 0 {
            return Decision::Allow;
        }
        if self.allowed_sources & other.allowed_sources == 0 {
            let by_other =
                self.denied_sources == 0 || (self.allowed_sources != 0 && other.allowed_sources == 0);
            return Decision::Deny(if by_other { other.rule } else { self.rule });
        }
        let target_matters =
            (self.denied_sources & self.allowed_sources) | (other.denied_sources & other.allowed_sources);
        Decision::NeedsState(if target_matters == 0 {
            Role::Source
        } else {
            Role::Target
        })
    }
}

/// The pairs of a target and a source: bit `4 * target + source`.
const fn pairs(target: EncryptionSet, source: EncryptionSet) -> u16 {
    let (target, source) = (target.bits() as u16, source.bits() as u16);
    let spread = (target & 1) | (target & 2) << 3 | (target & 4) << 6 | (target & 8) << 9;
    spread * source
}

/// The sources that occur in pairs, as four bits.
const fn sources(pairs: u16) -> u16 {
    (pairs | pairs >> 4 | pairs >> 8 | pairs >> 12) & 0b1111
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
fn breaks(requirement: Requirement, scheme: Scheme, auth: Auth, settings: Settings) -> bool {
    let exempt = settings.obs_scheme_exempt && auth == Auth::ObsV2;
    (requirement.https && scheme != Scheme::Https) || (requirement.v4 && auth != Auth::V4 && !exempt)
}

/// The sources that a row stands for: its own; and, for the first of the rows for one target of a copy, those that none
/// of them names, if all of them demand the same. No head tells what a copy's source is, so a source that a document
/// does not know must not make a question of what its rows agree on.
fn sources_of(rules: &[Rule], row: &Rule) -> EncryptionSet {
    let Some(own) = row.scope.source() else {
        return EncryptionSet::ALL;
    };
    let same_target: Vec<&Rule> = rules
        .iter()
        .filter(|rule| rule.scope.copy_target() == row.scope.copy_target())
        .collect();
    let first = same_target.first().is_some_and(|first| first.scope == row.scope);
    let agree = same_target.iter().all(|rule| rule.requirement == row.requirement);
    let named = |one| same_target.iter().any(|rule| rule.scope.source() == Some(one));
    Encryption::ALL
        .into_iter()
        .filter(|one| first && agree && !named(*one))
        .map(EncryptionSet::only)
        .fold(EncryptionSet::only(own), EncryptionSet::union)
}

/// The operation that no document has rows for and that is judged as `operation` is; not where the rules have a row of
/// their own for it.
fn alias(rules: &[Rule], operation: Operation, scope: Scope) -> Option<Operation> {
    let (alias, _) = ALIASES
        .into_iter()
        .find(|(_, judged_as)| *judged_as == operation)?;
    let own = match scope {
        Scope::Row { source, target, .. } => Scope::Row {
            operation: alias,
            source,
            target,
        },
        Scope::CustomerKey => return None,
    };
    let has_own = rules.iter().any(|rule| overlap(rule.scope, own));
    (!has_own).then_some(alias)
}

const CELLS: usize = Operation::ALL.len() * Scheme::ALL.len() * Auth::ALL.len();

/// Operations without rows, and the operation whose rows count for them (architecture, §8).
const ALIASES: [(Operation, Operation); 1] = [(Operation::AppendObject, Operation::PutObject)];
