//! A table takes the place of another, and the rows do not come with it.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, Rule, TRANSACTIONAL};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "rows-left-behind",
    severity: Severity::Error,
    kinds: TRANSACTIONAL,
    harm: Harm::LosesRows,
    why: "A table of the same name is made, and it is empty: programs go on as if there had never been a row.",
    safe: "`INSERT INTO … SELECT …` from the table of before, before it goes",
    example: Example::up("DROP TABLE payment;\nCREATE TABLE payment (id bigint PRIMARY KEY, account_id bigint, amount numeric(12, 2));"),
    near_miss: Example::up(
        "CREATE TABLE payment_new (id bigint PRIMARY KEY, account_id bigint, amount numeric(12, 2));
INSERT INTO payment_new SELECT id, account_id, amount FROM payment;
DROP TABLE payment;
ALTER TABLE payment_new RENAME TO payment;",
    ),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.up(|step, change| match change {
        Change::DropTable { table } | Change::RenameTable { table, .. } if step.before.is_used(table) && case.successor(table, step)?.is_empty => {
            Some(format!("what takes the place of `{table}` has none of its rows"))
        }
        _ => None,
    })
}
