//! What was run, by crate and by file.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::lines::Lines;
use crate::Outcome;

/// How many files of each crate are told, those with the most lines that were not run first.
const WORST: usize = 8;

/// How much of some lines was run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Share {
    run: usize,
    of: usize,
}

/// A crate with its files.
#[derive(Debug, PartialEq)]
struct Part {
    name: String,
    share: Share,
    /// The most lines that were not run first.
    files: Vec<(String, Share)>,
}

/// All crates that were asked for.
#[derive(Debug, PartialEq)]
pub struct Report {
    goal_percent: f64,
    parts: Vec<Part>,
}

impl Report {
    /// Of these crates' files.
    pub fn of(files: &BTreeMap<String, Lines>, crates: &[&str], goal_percent: f64) -> Self {
        Self { goal_percent, parts: crates.iter().map(|name| Part::of(name, files)).collect() }
    }

    /// As tools read it.
    pub fn to_json(&self) -> Value {
        let share = |name: &str, share: &Share| json!({ "name": name, "lines": share.of, "run": share.run, "percent": share.percent() });
        let part = |part: &Part| {
            let mut told = share(&part.name, &part.share);
            told["met"] = self.met(part).into();
            told["files"] = part.files.iter().map(|(name, of)| share(name, of)).collect();
            told
        };
        json!({ "goal_percent": self.goal_percent, "crates": self.parts.iter().map(part).collect::<Vec<_>>() })
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            let met = if self.met(part) { "" } else { "  BELOW THE GOAL" };
            line(&mut text, "", &part.name, part.share, met);
            let worst = part.files.iter().filter(|(_, share)| share.run < share.of).take(WORST);
            worst.for_each(|(name, share)| line(&mut text, "  ", name, *share, ""));
        }
        text
    }

    /// # Errors
    /// Names the crates that are below the goal.
    pub fn judge(&self) -> Outcome {
        let below: Vec<&str> = self.parts.iter().filter(|part| !self.met(part)).map(|part| part.name.as_str()).collect();
        if below.is_empty() { Ok(()) } else { Err(format!("not above {} % of lines: {}", self.goal_percent, below.join(", "))) }
    }

    fn met(&self, part: &Part) -> bool {
        part.share.percent() > self.goal_percent
    }
}

impl Part {
    fn of(name: &str, files: &BTreeMap<String, Lines>) -> Self {
        let folder = format!("crates/{name}/");
        let share = |lines: &Lines| Share { run: lines.values().filter(|run| **run).count(), of: lines.len() };
        let mut files: Vec<(String, Share)> =
            files.iter().filter_map(|(path, lines)| Some((path.strip_prefix(&folder)?.to_owned(), share(lines)))).collect();
        files.sort_by_key(|(_, share)| std::cmp::Reverse(share.of - share.run));
        let whole = files.iter().fold(Share::default(), |sum, (_, share)| Share { run: sum.run + share.run, of: sum.of + share.of });
        Self { name: name.to_owned(), share: whole, files }
    }
}

impl Share {
    /// Nothing of nothing was not shown to be run.
    fn percent(&self) -> f64 {
        if self.of == 0 { 0.0 } else { self.run as f64 * 100.0 / self.of as f64 }
    }
}

fn line(text: &mut String, indent: &str, name: &str, share: Share, more: &str) {
    let name = format!("{indent}{name}");
    writeln!(text, "{name:<48} {:>6.1} %  {:>5} of {:>5} lines{more}", share.percent(), share.run, share.of).expect("a string takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let lines = |run: usize, of: usize| (1..=of).map(|line| (line, line <= run)).collect::<Lines>();
        let files = [("crates/a/src/x.rs", lines(9, 10)), ("crates/a/src/y.rs", lines(8, 10)), ("crates/b/src/x.rs", lines(1, 2))];
        Report::of(&files.into_iter().map(|(path, lines)| (path.to_owned(), lines)).collect(), &["a", "b", "c"], 84.0)
    }

    #[test]
    fn a_crate_is_judged_by_all_of_its_lines() {
        assert_eq!(report().judge(), Err("not above 84 % of lines: b, c".into()));
        let told = report().to_json();
        assert_eq!((&told["crates"][0]["percent"], &told["crates"][0]["met"]), (&json!(85.0), &json!(true)));
        assert_eq!(told["crates"][0]["files"][0]["name"], "src/y.rs");
    }

    #[test]
    fn the_table_names_what_is_missing() {
        let table = report().table();
        assert!(table.contains("BELOW THE GOAL") && table.contains("src/y.rs") && table.lines().count() == 6, "{table}");
    }
}
