//! The audit log: whether it is still what was written.

use plimsoll_model::finding::Finding;

use crate::Case;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let broken = case.facts.audit.as_ref().and_then(|audit| audit.broken.as_ref());
    let help = "someone could write to the ledger: compare it with an export or a backup of before, and find out who";
    broken.map(|why| case.error("audit-broken", format!("the audit log is not whole: {why}"), help)).into_iter().collect()
}
