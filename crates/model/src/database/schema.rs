//! A database's schema as a value, and what it means that two of them differ. How one is read is left to others.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ComponentName;
use crate::finding::{Finding, Severity};

/// The parts of a database: what each is, by its kind and name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// `column people.name` is `text not null`, for one.
    pub parts: BTreeMap<String, String>,
}

/// One way in which a schema is not another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A part is gone.
    Gone {
        /// Which.
        part: String,
        /// What it was.
        before: String,
    },
    /// A part has come.
    Come {
        /// Which.
        part: String,
        /// What it is.
        after: String,
    },
    /// A part is another.
    Other {
        /// Which.
        part: String,
        /// What it was.
        before: String,
        /// What it is.
        after: String,
    },
}

/// The schema of a database beside the one that its migrations give.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Compared {
    /// How many migrations it has.
    pub migrations: usize,
    /// What leads from the schema that they give to the one that it has; nothing when both are the same.
    pub changes: Vec<Change>,
}

impl Schema {
    /// What one would have to do to this one to have the other, part by part.
    #[must_use]
    pub fn changes(&self, after: &Self) -> Vec<Change> {
        let changed = self.parts.iter().filter_map(|(part, before)| {
            let (part, before) = (part.clone(), before.clone());
            match after.parts.get(&part) {
                None => Some(Change::Gone { part, before }),
                Some(after) => (before != *after).then(|| Change::Other { part, before, after: after.clone() }),
            }
        });
        let come = after.parts.iter().filter(|(part, _)| !self.parts.contains_key(*part));
        changed.chain(come.map(|(part, after)| Change::Come { part: part.clone(), after: after.clone() })).collect()
    }
}

impl Compared {
    /// What `database` has otherwise than its migrations say. What hangs on a table that is missing or unknown is told with that table.
    #[must_use]
    pub fn findings(&self, database: &ComponentName) -> Vec<Finding> {
        let told = |change: &&Change| !self.changes.iter().any(|table| change.hangs_on(table));
        self.changes.iter().filter(told).map(|change| change.finding(database)).collect()
    }
}

impl Change {
    /// Whether it goes without saying when the other one is told: that the table to which the part belongs is gone, or has come.
    fn hangs_on(&self, other: &Self) -> bool {
        let (part, is, table) = match (self, other) {
            (Self::Gone { part, before }, Self::Gone { part: table, .. }) => (part, before, table),
            (Self::Come { part, after }, Self::Come { part: table, .. }) => (part, after, table),
            _ => return false,
        };
        table.strip_prefix("table ").is_some_and(|table| belongs_to(part, is, table))
    }

    fn finding(&self, database: &ComponentName) -> Finding {
        let (code, message, help) = match self {
            Self::Come { part, after } => (
                "schema-unexpected",
                format!("{database} has {part}{}, and none of its migrations gives that", shown(after)),
                "take it away by hand; where it is wanted, bring it by a migration then",
            ),
            Self::Gone { part, before } => (
                "schema-missing",
                format!("{database} lacks {part}{}, which its migrations give", shown(before)),
                "bring it back by hand; where it is not wanted, drop it by a migration then",
            ),
            Self::Other { part, before, after } => (
                "schema-other",
                format!("{part} of {database} is{}, and by its migrations{}", shown(after), shown(before)),
                "lead it back by hand; where it is wanted so, change it by a migration then",
            ),
        };
        Finding { severity: Severity::Warning, code: code.into(), place: None, message, help: Some(help.into()) }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone { part, .. } => write!(f, "{part} is gone"),
            Self::Come { part, .. } => write!(f, "{part} has come"),
            Self::Other { part, before, after } => write!(f, "{part} is `{after}` instead of `{before}`"),
        }
    }
}

/// The kinds of parts whose names begin with their table.
const OF_TABLES: &[&str] = &["check ", "column ", "constraint ", "foreign key ", "index ", "policy ", "trigger ", "unique "];

/// Whether the part, which is `is`, goes with the table.
fn belongs_to(part: &str, is: &str, table: &str) -> bool {
    let Some(name) = OF_TABLES.iter().find_map(|kind| part.strip_prefix(kind)) else { return false };
    let is_within = name.strip_prefix(table).is_some_and(|rest| rest.starts_with(['.', ' ']));
    // An index that is named for itself says in its text what it is on.
    is_within || is.split_once(" ON ").is_some_and(|(_, on)| on.strip_prefix(table).is_some_and(|rest| rest.starts_with([' ', '('])))
}

/// Longest part of what a part is that is told, in characters.
const LONGEST: usize = 160;

/// What a part is, on one line, where there is more to it than its name.
fn shown(is: &str) -> String {
    let line = is.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        _ if line.is_empty() => String::new(),
        Some((end, _)) => format!(" `{}…`", &line[..end]),
        None => format!(" `{line}`"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schema(parts: &[(&str, &str)]) -> Schema {
        Schema { parts: parts.iter().map(|(part, is)| ((*part).to_owned(), (*is).to_owned())).collect() }
    }

    fn findings(given: &Schema, live: &Schema) -> Vec<Finding> {
        Compared { migrations: 1, changes: given.changes(live) }.findings(&ComponentName::new("main").unwrap())
    }

    #[test]
    fn every_change_is_told() {
        let before = schema(&[("column a.n", "integer"), ("column a.o", "text"), ("table a", "")]);
        let after = schema(&[("column a.n", "bigint"), ("column a.p", "text"), ("table a", "")]);
        let told: Vec<String> = before.changes(&after).iter().map(Change::to_string).collect();
        assert_eq!(told, ["column a.n is `bigint` instead of `integer`", "column a.o is gone", "column a.p has come"]);
        assert_eq!(before.changes(&before), []);
    }

    #[test]
    fn what_a_database_has_otherwise_is_told_with_what_it_is() {
        let given = schema(&[("column a.n", "integer"), ("index by_n", "CREATE INDEX by_n\n ON a (n)"), ("table a", "")]);
        let live = schema(&[("column a.n", "bigint"), ("column a.p", "text"), ("table a", "")]);
        let told: Vec<_> = findings(&given, &live).into_iter().map(|found| (found.code, found.message)).collect();
        let expect = [
            ("schema-other", "column a.n of main is `bigint`, and by its migrations `integer`"),
            ("schema-missing", "main lacks index by_n `CREATE INDEX by_n ON a (n)`, which its migrations give"),
            ("schema-unexpected", "main has column a.p `text`, and none of its migrations gives that"),
        ];
        assert_eq!(told, expect.map(|(code, message)| (code.to_owned(), message.to_owned())));
    }

    #[test]
    fn a_table_takes_with_it_what_hangs_on_it() {
        let with = schema(&[
            ("table public.a", ""),
            ("column public.a.n", "integer"),
            ("index public.by_n", "CREATE INDEX by_n ON public.a USING btree (n)"),
            ("check public.a (n > 0)", ""),
            ("column public.ab.n", "integer"),
            ("view public.a", "SELECT 1"),
        ]);
        for (given, live) in [(&with, &Schema::default()), (&Schema::default(), &with)] {
            let told = findings(given, live).len();
            assert_eq!(told, 3, "the table, the column of another one, and the view");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shown(&"é".repeat(LONGEST)), format!(" `{}`", "é".repeat(LONGEST)));
        assert_eq!(shown(&"é".repeat(LONGEST + 1)), format!(" `{}…`", "é".repeat(LONGEST)));
    }

    fn schemas() -> impl Strategy<Value = Schema> {
        let part = ("(table|column|index|view) [ab](\\.[ab])?", "[xy]( ON [ab] )?");
        prop::collection::btree_map(part.0, part.1, 0..6).prop_map(|parts| Schema { parts })
    }

    proptest! {
        #[test]
        fn nothing_is_found_only_where_nothing_differs(given in schemas(), live in schemas()) {
            prop_assert_eq!(findings(&given, &live).is_empty(), given == live);
            let codes = |given: &Schema, live: &Schema| {
                let mut codes: Vec<String> = findings(given, live).into_iter().map(|found| found.code).collect();
                codes.sort();
                codes
            };
            let swapped = codes(&live, &given).into_iter().map(|code| match code.as_str() {
                "schema-missing" => "schema-unexpected".to_owned(),
                "schema-unexpected" => "schema-missing".to_owned(),
                _ => code,
            });
            let mut swapped: Vec<String> = swapped.collect();
            swapped.sort();
            prop_assert_eq!(codes(&given, &live), swapped);
        }
    }
}
