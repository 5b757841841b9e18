//! An index that is built while nobody may write.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "index-not-concurrent",
    severity: Severity::Warning,
    kinds: POSTGRES,
    harm: Harm::BlocksWriters,
    why: "Nobody may write to the table until the index is built, which takes the longer the more rows there are.",
    safe: "write `CREATE INDEX CONCURRENTLY IF NOT EXISTS …` in a file of its own that begins with the line `-- no-transaction`; one that failed \
           is left behind as invalid and has to be dropped first",
    example: Example::up("CREATE INDEX account_age_idx ON account (age);"),
    near_miss: Example::up("-- no-transaction\nCREATE INDEX CONCURRENTLY account_age_idx ON account (age);"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::CreateIndex { table, concurrently: false } if step.before.is_used(table) => {
            Some(format!("nobody may write to `{table}` while its index is built"))
        }
        _ => None,
    })
}
