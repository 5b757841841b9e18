//! A `down` that leads back to the schema of before, and not to what was in it.

use plimsoll_model::finding::Severity;

use super::{ALL, Example, Harm, Rule};
use crate::lint::case::{Case, Hit, Reading};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "down-lossy",
    severity: Severity::Warning,
    kinds: ALL,
    harm: Harm::CannotBeUndone,
    why: "A rollback runs `down`. What `up` dropped comes back empty, and what it filled and `down` drops is gone with all that was written since.",
    safe: "have `up` keep what it replaces until a later deployment, or have `down` move the values back before it drops where they are",
    example: Example::pair(
        "CREATE TABLE profile (account_id bigint PRIMARY KEY, name varchar(50));
INSERT INTO profile SELECT id, name FROM account;
ALTER TABLE account DROP COLUMN name;",
        "ALTER TABLE account ADD COLUMN name varchar(50);
DROP TABLE profile;",
    ),
    near_miss: Example::pair(
        "CREATE TABLE profile (account_id bigint PRIMARY KEY, name varchar(50));
INSERT INTO profile SELECT id, name FROM account;
-- plimsoll: allow column-dropped: no program has asked for it since the release before
ALTER TABLE account DROP COLUMN name;",
        "ALTER TABLE account ADD COLUMN name varchar(50);
-- plimsoll: allow rows-written-under-lock: there are few accounts
UPDATE account SET name = (SELECT profile.name FROM profile WHERE profile.account_id = account.id) WHERE name IS NULL;
DROP TABLE profile;",
    ),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    let Some(down) = &case.down else { return Vec::new() };
    let dropped = case.up(|step, change| match change {
        Change::DropTable { table } if step.before.is_used(table) && case.successor(table, step).is_none() && !down.fills(table) => {
            Some(format!("`down` does not bring back the rows of `{table}`"))
        }
        Change::DropColumn { table, column } if step.before.is_used_column(table, column) && !fills_column(down, table, column) => {
            Some(format!("`down` does not bring back what is in the column `{column}` of `{table}`"))
        }
        _ => None,
    });
    let moves = down.changes().any(|change| matches!(change, Change::Insert { .. } | Change::Update { .. }));
    let filled = case.both(|step, change| match change {
        Change::DropTable { table } if !moves && step.is_down() && makes(&case.up, table) && case.up.fills(table) => {
            Some(format!("`up` fills `{table}`, and what is in it is dropped"))
        }
        Change::DropColumn { table, column } if !moves && step.is_down() && fills_column(&case.up, table, column) => {
            Some(format!("`up` fills the column `{column}` of `{table}`, and what is in it is dropped"))
        }
        _ => None,
    });
    dropped.into_iter().chain(filled).chain(not_made(case)).collect()
}

/// What `down` drops though `up` has not made it.
fn not_made(case: &Case<'_>) -> Vec<Hit> {
    if !case.is_up_understood() {
        return Vec::new();
    }
    case.both(|step, change| match change {
        Change::DropTable { table }
            if step.is_down() && step.before.is_used(table) && case.successor(table, step).is_none_or(|next| next.is_empty) =>
        {
            Some(format!("`down` drops `{table}` with its rows, and `up` has not made it"))
        }
        Change::DropColumn { table, column } if step.is_down() && step.before.is_used_column(table, column) => {
            Some(format!("`down` drops the column `{column}` of `{table}` with what is in it, and `up` has not made it"))
        }
        _ => None,
    })
}

fn makes(script: &Reading<'_>, name: &str) -> bool {
    script.changes().any(|change| matches!(change, Change::CreateTable { table, .. } if table == name))
}

fn fills_column(script: &Reading<'_>, name: &str, column: &str) -> bool {
    script.changes().any(|change| match change {
        Change::Update { table, columns, .. } => table == name && columns.iter().any(|one| one == column),
        Change::RenameColumn { table, to, .. } => table == name && to == column,
        _ => false,
    })
}
