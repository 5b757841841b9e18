//! Rows that are written while the lock of an earlier statement keeps everybody out.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit, Reading};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "rows-written-under-lock",
    severity: Severity::Warning,
    kinds: POSTGRES,
    harm: Harm::BlocksReaders,
    why: "ALTER TABLE takes the table for itself until the transaction ends. That is short for most changes, and as long as it takes to find and \
          write the rows when that follows in the same file.",
    safe: "write the rows in a migration of its own after this one, in batches when there are many",
    example: Example::up("ALTER TABLE account ADD COLUMN nickname varchar(50);\nUPDATE account SET nickname = name WHERE nickname IS NULL;"),
    near_miss: Example::after("ALTER TABLE account ADD COLUMN nickname varchar(50);", "UPDATE account SET nickname = name WHERE nickname IS NULL;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    std::iter::once(&case.up).chain(&case.down).flat_map(written).collect()
}

fn written(reading: &Reading<'_>) -> Vec<Hit> {
    let mut locked: Vec<&str> = Vec::new();
    let mut hits = Vec::new();
    for step in &reading.steps {
        for change in &step.changes {
            match change {
                Change::Update { table, .. } | Change::Delete { table, .. } if step.before.is_used(table) && locked.contains(&table.as_str()) => {
                    hits.push(step.hit(format!("nobody may read `{table}` while its rows are written, for a statement before has locked it")));
                }
                _ => locked.extend(change.locked()),
            }
        }
    }
    hits
}
