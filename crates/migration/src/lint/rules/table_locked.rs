//! `LOCK TABLE`.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, Rule, SERVERS};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "table-locked",
    severity: Severity::Warning,
    kinds: SERVERS,
    harm: Harm::HoldsTable,
    why: "Everybody waits until the transaction ends, and the lock itself waits for everybody who came before, with all others behind it.",
    safe: "leave the lock out: each statement takes the weakest lock that it needs by itself",
    example: Example::up("LOCK TABLE account;\nUPDATE account SET age = age + 1 WHERE id = 1;"),
    near_miss: Example::up("LOCK TABLE account IN SHARE UPDATE EXCLUSIVE MODE;\nUPDATE account SET age = age + 1 WHERE id = 1;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::Lock { tables } => {
            let used = tables.iter().find(|table| step.before.is_used(table))?;
            Some(format!("`{used}` is locked until the transaction ends"))
        }
        _ => None,
    })
}
