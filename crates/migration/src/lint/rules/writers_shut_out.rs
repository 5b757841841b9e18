//! What `MySQL` and `MariaDB` do only while nobody writes.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, MYSQL, Rule};
use crate::lint::case::{Case, Hit, Step};
use crate::lint::change::{Change, Column, Constraint, ConstraintKind};

pub(super) const RULE: Rule = Rule {
    id: "writers-shut-out",
    severity: Severity::Warning,
    kinds: MYSQL,
    harm: Harm::BlocksWriters,
    why: "Most changes of a table are made while others read and write it. A new foreign key or check, a column with a value of its own in each row \
          and an index for full text or places are not: nobody may write until all rows were read or written.",
    safe: "add a foreign key after `SET foreign_key_checks = 0`, when you know that all rows suit it; make a column without values, and fill it in \
           small batches; for the rest have nobody write meanwhile (`exclusive = true`). A statement that ends with `, LOCK=NONE` fails rather than \
           shut anybody out",
    example: Example::up("ALTER TABLE payment ADD CONSTRAINT payment_account FOREIGN KEY (account_id) REFERENCES account (id);"),
    near_miss: Example::up("ALTER TABLE payment ADD COLUMN note varchar(50);"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| {
        let (table, why) = match change {
            Change::Shut { table, by } => (table, (*by).to_owned()),
            Change::AddConstraint { table, constraint } => (table, of_constraint(step, constraint)?),
            Change::AddColumn { table, column } if is_written(column) => (table, format!("`{}` has a value of its own in each row", column.name)),
            _ => return None,
        };
        step.before.is_used(table).then(|| format!("nobody may write to `{table}` meanwhile: {why}"))
    })
}

fn of_constraint(step: &Step, constraint: &Constraint) -> Option<String> {
    let what = match constraint.kind {
        ConstraintKind::ForeignKey if step.before.checks_keys() => "foreign key",
        ConstraintKind::Check => "check",
        _ => return None,
    };
    constraint.checks_rows.then(|| format!("all rows are held against a {what}"))
}

/// Of what may stand in a default, the server evaluates names that are made up row by row.
fn is_written(column: &Column) -> bool {
    column.stored || column.default.as_ref().is_some_and(|default| default.to_lowercase().contains("uuid"))
}
