//! What a migration would do to a database that is in use, and to the program of before that still serves while it runs.
//!
//! SQL is read into [`change`]s (`read`), these are held against what is known of the [`schema`], and the rules, one file each, say what would
//! hurt. A comment in the file accepts that, with a reason (`allow`). Nothing here asks a database.

mod allow;
mod case;
mod change;
mod read;
mod rules;
mod schema;
#[cfg(test)]
mod tests;
mod volatile;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use plimsoll_model::database::{DatabaseKind, Direction};
use plimsoll_model::finding::Finding;

use self::allow::{Allows, NOT_UNDERSTOOD};
use self::case::Case;
use self::schema::Schema;
use crate::Pair;

pub use allow::{NOTICES, Notice};
pub use rules::{Example, GROUND, Harm, RULES, Rule};

/// Which of the migrations the database has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing<'a> {
    /// Nobody asked it. Each migration is judged as if all before it had been there for long.
    Unknown,
    /// Those of these versions. They are not judged, and those that are not among them are run in one go: what one of them makes, nobody uses yet.
    Applied(&'a BTreeSet<i64>),
}

/// What would hurt, in the order of the migrations, of their files, and of what stands in them. `migrations` are all of a folder, by version.
#[must_use]
pub fn lint(kind: DatabaseKind, migrations: &[Pair], existing: Existing<'_>) -> Vec<Finding> {
    let mut schema = Schema::default();
    let mut findings = Vec::new();
    for pair in migrations {
        let case = Case::of(kind, pair, &mut schema);
        let is_applied = matches!(existing, Existing::Applied(versions) if versions.contains(&pair.migration.version));
        if !is_applied {
            findings.extend(judge(&case));
        }
        if is_applied || existing == Existing::Unknown {
            schema.settle();
        }
    }
    findings
}

/// Whether what was found hurts only where somebody else uses the database meanwhile.
#[must_use]
pub fn takes_others(finding: &Finding) -> bool {
    RULES.iter().any(|rule| rule.id == finding.code && rule.harm.takes_others())
}

fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut allows = Allows::of(case);
    let mut told: Vec<(Direction, Finding)> = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.kinds.contains(&case.kind)) {
        let hits = (rule.judge)(case).into_iter().filter(|hit| !allows.take(hit, rule.id));
        told.extend(hits.map(|hit| (hit.direction, rule.finding(case.place(&hit), &hit.message))));
    }
    let unread = case.not_understood().into_iter().filter(|hit| !allows.take(hit, NOT_UNDERSTOOD.id));
    told.extend(unread.map(|hit| (hit.direction, NOT_UNDERSTOOD.finding(case.place(&hit), &hit.message))));
    told.extend(allows.findings());
    told.sort_by_key(|(direction, finding)| (*direction, finding.place.as_ref().map(|place| place.offset), Reverse(finding.severity)));
    told.into_iter().map(|(_, finding)| finding).collect()
}
