//! A constraint for which all rows are read while nobody may write.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::{Change, ConstraintKind};

pub(super) const RULE: Rule = Rule {
    id: "constraint-checked-at-once",
    severity: Severity::Warning,
    kinds: POSTGRES,
    harm: Harm::BlocksWriters,
    why: "All rows are held against a new foreign key or check while its lock keeps everybody from writing, to both tables of a foreign key.",
    safe: "add it with NOT VALID, which looks at no row and holds for all new ones; then `ALTER TABLE … VALIDATE CONSTRAINT …` in a migration \
           of its own, which lets others write",
    example: Example::up("ALTER TABLE payment ADD CONSTRAINT payment_account FOREIGN KEY (account_id) REFERENCES account (id);"),
    near_miss: Example::up("ALTER TABLE payment ADD CONSTRAINT payment_account FOREIGN KEY (account_id) REFERENCES account (id) NOT VALID;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::AddConstraint { table, constraint } if constraint.checks_rows && step.before.is_used(table) => {
            let what = match constraint.kind {
                ConstraintKind::ForeignKey => "a foreign key",
                ConstraintKind::Check => "a check",
                ConstraintKind::Unique { .. } => return None,
            };
            Some(format!("all rows of `{table}` are held against {what} while nobody may write"))
        }
        Change::Validate { table, constraint } if !step.is_alone && is_added(case, constraint) => {
            Some(format!("`{constraint}` is validated under the lock that `{table}` was given for adding it"))
        }
        _ => None,
    })
}

/// Whether the same migration adds it: its lock is held until the transaction ends.
fn is_added(case: &Case<'_>, name: &str) -> bool {
    case.up.changes().any(|change| matches!(change, Change::AddConstraint { constraint, .. } if constraint.name.as_deref() == Some(name)))
}
