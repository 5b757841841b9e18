//! A unique constraint whose index is built while nobody may read.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::{Change, ConstraintKind};

pub(super) const RULE: Rule = Rule {
    id: "unique-without-index",
    severity: Severity::Warning,
    kinds: POSTGRES,
    harm: Harm::BlocksReaders,
    why: "The index of a UNIQUE or PRIMARY KEY constraint is built while nobody may read or write the table.",
    safe: "`CREATE UNIQUE INDEX CONCURRENTLY …` in a file of its own first (`-- no-transaction`), then `ADD CONSTRAINT … UNIQUE USING INDEX …`",
    example: Example::up("ALTER TABLE account ADD CONSTRAINT account_email_once UNIQUE (email);"),
    near_miss: Example::after(
        "CREATE UNIQUE INDEX account_email_once ON account (email);",
        "ALTER TABLE account ADD CONSTRAINT account_email_once UNIQUE USING INDEX account_email_once;",
    ),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::AddConstraint { table, constraint }
            if constraint.kind == (ConstraintKind::Unique { from_index: false }) && step.before.is_used(table) =>
        {
            Some(format!("nobody may read `{table}` while an index for the constraint is built"))
        }
        _ => None,
    })
}
