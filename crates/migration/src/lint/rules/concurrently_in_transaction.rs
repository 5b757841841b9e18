//! `CONCURRENTLY` where it cannot be.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "concurrently-in-transaction",
    severity: Severity::Error,
    kinds: POSTGRES,
    harm: Harm::Fails,
    why: "What is done concurrently takes several transactions of its own, so PostgreSQL refuses it in one. A file is one transaction, and so \
          are several statements that are sent at once.",
    safe: "give the statement a file of its own that begins with the line `-- no-transaction`, with `IF NOT EXISTS` or `IF EXISTS`, \
           so that it can be run again",
    example: Example::up("CREATE INDEX CONCURRENTLY account_age_idx ON account (age);"),
    near_miss: Example::up("-- no-transaction\nCREATE INDEX CONCURRENTLY account_age_idx ON account (age);"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::CreateIndex { concurrently: true, .. } | Change::DropIndex { concurrently: true } | Change::Reindex { concurrently: true }
            if !step.is_alone =>
        {
            Some("nothing can be done concurrently within a transaction, and this statement is not alone in its file".into())
        }
        _ => None,
    })
}
