//! Several tables that nobody else may use, in one transaction.

use std::collections::BTreeSet;

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit, Reading};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "several-tables-locked",
    severity: Severity::Warning,
    kinds: POSTGRES,
    harm: Harm::HoldsTables,
    why: "Each lock is held until the transaction ends. While the migration waits for the second table, everybody waits for the first; and who \
          has the second and wants the first makes a deadlock of it.",
    safe: "change one table in each migration",
    example: Example::up("ALTER TABLE account ADD COLUMN nickname varchar(50);\nALTER TABLE payment ADD COLUMN note varchar(50);"),
    near_miss: Example::up("ALTER TABLE account ADD COLUMN nickname varchar(50);\nALTER TABLE account ADD COLUMN note varchar(50);"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    std::iter::once(&case.up).chain(&case.down).filter_map(second).collect()
}

/// The statement that locks a second table.
fn second(reading: &Reading<'_>) -> Option<Hit> {
    let renamed: BTreeSet<&str> = reading
        .changes()
        .filter_map(|change| match change {
            Change::RenameTable { to, .. } => Some(to.as_str()),
            _ => None,
        })
        .collect();
    let mut locked: BTreeSet<&str> = BTreeSet::new();
    reading.steps.iter().find_map(|step| {
        let tables = step.changes.iter().filter_map(Change::locked).filter(|table| step.before.is_used(table) && !renamed.contains(table));
        locked.extend(tables);
        let listed = || locked.iter().map(|table| format!("`{table}`")).collect::<Vec<_>>().join(" and ");
        (locked.len() > 1).then(|| step.hit(format!("nobody may use {} until this transaction ends", listed())))
    })
}
