//! Maintenance that writes a table or its indexes anew.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "table-rebuilt",
    severity: Severity::Warning,
    kinds: POSTGRES,
    harm: Harm::Rewrites,
    why: "VACUUM FULL, CLUSTER, REINDEX and SET LOGGED write all of a table or an index anew while others wait.",
    safe: "leave it to VACUUM, or `REINDEX … CONCURRENTLY` in a file that begins with the line `-- no-transaction`; a migration is no place for \
           maintenance",
    example: Example::up("CLUSTER account USING account_email_idx;"),
    near_miss: Example::up("-- no-transaction\nVACUUM account;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::Rewrite { table: Some(table), by } if step.before.is_used(table) => {
            Some(format!("{by} writes all of `{table}` anew while others wait"))
        }
        Change::Rewrite { table: None, by } => Some(format!("{by} writes all tables anew while others wait")),
        Change::Reindex { concurrently: false } => Some("indexes are built anew while nobody may write, nor read by them".into()),
        _ => None,
    })
}
