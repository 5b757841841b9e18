//! All rows of a table go at once.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, Rule, SERVERS};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "table-truncated",
    severity: Severity::Error,
    kinds: SERVERS,
    harm: Harm::LosesRows,
    why: "All rows are gone, and nothing but a backup brings them back. Nobody may read the table meanwhile.",
    safe: "delete what is not wanted any more by a condition; where all of it has to go, accept this finding and say why",
    example: Example::up("TRUNCATE TABLE payment;"),
    near_miss: Example::up("CREATE TABLE scratch (id bigint PRIMARY KEY);\nTRUNCATE TABLE scratch;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::Truncate { table } if step.before.is_used(table) => Some(format!("all rows of `{table}` are dropped")),
        _ => None,
    })
}
