//! What the program of a slot finds in its environment, whoever runs it. Secrets take other ways.

use std::collections::BTreeMap;

use crate::ledger::SlotRow;

/// What every program gets, then the slot's own, then the facts about the slot: the later ones win.
pub(super) fn of(every: &BTreeMap<String, String>, row: &SlotRow) -> BTreeMap<String, String> {
    // What is run once listens nowhere.
    let port = (row.port != 0).then(|| ("PORT", row.port.to_string()));
    let facts = [
        ("PLIMSOLL_PROJECT", row.key.project.to_string()),
        ("PLIMSOLL_ENVIRONMENT", row.key.environment.to_string()),
        ("PLIMSOLL_COMPONENT", row.component.to_string()),
        ("PLIMSOLL_SLOT", row.slot.to_string()),
        ("PLIMSOLL_RELEASE", row.release.to_string()),
    ];
    let facts = facts.into_iter().chain(port).map(|(name, value)| (name.to_owned(), value));
    every.clone().into_iter().chain(row.spec.env.clone()).chain(facts).collect()
}
