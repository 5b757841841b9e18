//! A script that ends the transaction in which it runs.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, Rule, TRANSACTIONAL};
use crate::lint::case::{Case, Hit, Reading};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "transaction-ended",
    severity: Severity::Error,
    kinds: TRANSACTIONAL,
    harm: Harm::LeavesHalf,
    why: "A file runs in one transaction together with the record that it was applied. What it commits itself stays when a later statement, or the \
          record, fails, and nobody knows that half of it is there.",
    safe: "leave BEGIN, COMMIT and ROLLBACK out; what has to be committed by itself goes into a file of its own",
    example: Example::up("ALTER TABLE account ADD COLUMN nickname varchar(50);\nCOMMIT;\nALTER TABLE account ADD COLUMN note varchar(50);"),
    near_miss: Example::up("SAVEPOINT before;\nALTER TABLE account ADD COLUMN nickname varchar(50);\nROLLBACK TO SAVEPOINT before;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    let readings = std::iter::once(&case.up).chain(&case.down).filter(|reading| reading.script.transactional);
    readings.flat_map(ended).collect()
}

fn ended(reading: &Reading<'_>) -> Vec<Hit> {
    let ends = reading.steps.iter().filter(|step| step.changes.contains(&Change::Transaction));
    ends.map(|step| step.hit("this file runs in a transaction, which is not for it to begin or to end")).collect()
}
