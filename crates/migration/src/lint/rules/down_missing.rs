//! A migration that cannot be undone.

use plimsoll_model::finding::Severity;

use super::{ALL, Example, Harm, Rule};
use crate::lint::case::{Case, Hit};

pub(super) const RULE: Rule = Rule {
    id: "down-missing",
    severity: Severity::Warning,
    kinds: ALL,
    harm: Harm::CannotBeUndone,
    why: "When a deployment is rolled back, what it did to the database stays as it is.",
    safe: "write the `.down.sql` beside it; where leaving the change behind does no harm, let it say `SELECT 1;`, or accept this finding \
           at the first statement",
    example: Example::up("ALTER TABLE account ADD COLUMN nickname varchar(50);"),
    near_miss: Example::pair("ALTER TABLE account ADD COLUMN nickname varchar(50);", "ALTER TABLE account DROP COLUMN nickname;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    let first = case.up.steps.first().filter(|_| case.down.is_none());
    first.map(|step| step.hit("this migration has no `.down.sql`, so it cannot be undone")).into_iter().collect()
}
