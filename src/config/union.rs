//! The union of several policy files: whatever any of them demands.

use super::policy_file::Row;
use crate::policy::{Requirement, Rule, Scope};

/// One rule for each scope that any file has a row for, demanding whatever any of the files demands of it. It cites the
/// rows that demand something, or all of them where none does.
///
/// As in a policy of its own, a file whose rows for one target of a copy all demand the same counts for the sources,
/// too, that only other files know.
pub(super) fn unite(files: &[Vec<Row>], name: &str) -> Vec<Row> {
    let mut united: Vec<Row> = Vec::new();
    for row in files.iter().flatten() {
        if let Some(same) = united.iter_mut().find(|one| one.rule.scope == row.rule.scope) {
            same.place = row.place.clone();
        } else {
            let local = row.rule.name.split_once('.').map_or("", |(_, local)| local);
            let rule = Rule {
                name: format!("{name}.{local}"),
                scope: row.rule.scope,
                requirement: Requirement::default(),
                citations: Vec::new(),
            };
            united.push(Row {
                rule,
                place: row.place.clone(),
            });
        }
    }
    for Row { rule, .. } in &mut united {
        for file in files {
            for row in about(file, rule.scope) {
                rule.requirement = rule.requirement.union(row.rule.requirement);
                rule.citations.extend(row.rule.citations.iter().cloned());
            }
        }
        if rule.requirement.is_something() {
            rule.citations
                .retain(|citation| citation.requirement.is_something());
        }
    }
    united
}

/// What a file says of a scope: its own row for it, or else those of the same target, where they agree.
fn about(file: &[Row], scope: Scope) -> Vec<&Row> {
    if let Some(row) = file.iter().find(|row| row.rule.scope == scope) {
        return vec![row];
    }
    let same_target: Vec<&Row> = file
        .iter()
        .filter(|row| scope.copy_target().is_some() && row.rule.scope.copy_target() == scope.copy_target())
        .collect();
    let agree = same_target
        .windows(2)
        .all(|two| matches!(two, [a, b] if a.rule.requirement == b.rule.requirement));
    if agree { same_target } else { Vec::new() }
}
