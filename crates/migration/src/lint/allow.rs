//! What a file accepts: `-- plimsoll: allow RULE: REASON` on the lines right before a statement, for that statement alone.

use std::collections::BTreeSet;

use plimsoll_model::database::Direction;
use plimsoll_model::finding::{Finding, Place, Severity};

use super::case::{Case, Hit, Reading};
use super::rules::RULES;
use crate::sql::{line, place};

/// A finding that no rule makes.
#[derive(Debug)]
pub struct Notice {
    /// Its stable name.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it means.
    pub why: &'static str,
    /// What to do about it.
    pub safe: &'static str,
}

/// A statement that no rule could be held against.
pub(super) const NOT_UNDERSTOOD: Notice = Notice {
    id: "sql-not-understood",
    severity: Severity::Warning,
    why: "The statement was not understood, or does what no rule knows, so none was held against it. The database may well understand it.",
    safe: "look at it yourself, and accept it with `-- plimsoll: allow sql-not-understood: REASON`",
};

const UNKNOWN: Notice = Notice {
    id: "allow-unknown-rule",
    severity: Severity::Error,
    why: "A comment accepts a rule that does not exist, so it accepts nothing.",
    safe: "write `-- plimsoll: allow RULE: REASON` with the name of a rule, as the finding shows it",
};

const WITHOUT_REASON: Notice = Notice {
    id: "allow-without-reason",
    severity: Severity::Error,
    why: "A comment accepts a finding and does not say why that is right.",
    safe: "write `-- plimsoll: allow RULE: REASON`; who reads it next year wants to know",
};

const UNUSED: Notice = Notice {
    id: "allow-unused",
    severity: Severity::Warning,
    why: "A comment accepts what was not found in the statement right after it.",
    safe: "take the comment away, or move it to the line right before the statement that it is for",
};

/// Findings that no rule makes.
pub const NOTICES: &[&Notice] = &[&NOT_UNDERSTOOD, &UNKNOWN, &WITHOUT_REASON, &UNUSED];

impl Notice {
    /// A finding of this kind.
    pub(super) fn finding(&self, place: Place, message: &str) -> Finding {
        Finding { severity: self.severity, code: self.id.into(), place: Some(place), message: message.into(), help: Some(self.safe.into()) }
    }
}

/// The comments of a migration that accept something.
pub(super) struct Allows {
    all: Vec<Allow>,
}

struct Allow {
    direction: Direction,
    place: Place,
    rule: String,
    reason: String,
    /// The statement that it stands right before.
    step: Option<usize>,
    used: bool,
}

impl Allows {
    /// Those of both files.
    pub fn of(case: &Case<'_>) -> Self {
        Self { all: std::iter::once(&case.up).chain(&case.down).flat_map(read).collect() }
    }

    /// Whether `hit` of the rule `id` is accepted.
    pub fn take(&mut self, hit: &Hit, id: &str) -> bool {
        let is_for = |allow: &&mut Allow| allow.direction == hit.direction && allow.step == Some(hit.step) && allow.rule == id;
        let found = self.all.iter_mut().filter(|allow| !allow.reason.is_empty()).find(is_for);
        found.map(|allow| allow.used = true).is_some()
    }

    /// What is wrong with them, now that all hits were taken.
    pub fn findings(self) -> impl Iterator<Item = (Direction, Finding)> {
        self.all.into_iter().filter_map(|allow| allow.finding().map(|finding| (allow.direction, finding)))
    }
}

impl Allow {
    fn finding(&self) -> Option<Finding> {
        let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).chain([NOT_UNDERSTOOD.id]).collect();
        let rule = &self.rule;
        let (notice, message) = if !known.contains(rule.as_str()) {
            (&UNKNOWN, format!("there is no rule `{rule}`"))
        } else if self.reason.is_empty() {
            (&WITHOUT_REASON, format!("it is not said why `{rule}` is accepted here"))
        } else if !self.used {
            (&UNUSED, format!("`{rule}` finds nothing in the statement right after this line"))
        } else {
            return None;
        };
        Some(notice.finding(self.place.clone(), &message))
    }
}

fn read(reading: &Reading<'_>) -> Vec<Allow> {
    let sql = &reading.script.sql;
    let comments = reading.sql.comments.iter();
    let allows = comments.filter_map(|comment| {
        let text = sql[comment.start..comment.end].trim_start_matches(['-', '#']).trim();
        let accepted = text.strip_prefix("plimsoll:")?.trim_start().strip_prefix("allow")?;
        let (rule, reason) = accepted.split_once(':').unwrap_or((accepted, ""));
        Some(Allow {
            direction: reading.script.direction,
            place: place(&reading.script.file, sql, comment.start, comment.end),
            rule: rule.trim().into(),
            reason: reason.trim().into(),
            step: right_after(reading, comment.start),
            used: false,
        })
    });
    allows.collect()
}

/// The statement before which the comment at `start` stands, with nothing but comments between the two, on lines of their own.
fn right_after(reading: &Reading<'_>, start: usize) -> Option<usize> {
    let sql = &reading.script.sql;
    let is_own_line = |at: usize| sql[..at].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
    let index = reading.sql.statements.iter().position(|statement| statement.start > start)?;
    let lines: BTreeSet<u32> =
        reading.sql.comments.iter().filter(|comment| is_own_line(comment.start)).map(|comment| line(sql, comment.start)).collect();
    let mut between = line(sql, start)..line(sql, reading.sql.statements[index].start);
    (!between.is_empty() && between.all(|line| lines.contains(&line))).then_some(index)
}
