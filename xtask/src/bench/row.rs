//! A measured value, what it is compared with, and what was to be reached.

use serde_json::{Value, json};

/// One line of a benchmark's result.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    /// The peer's name and its value, in the same unit.
    against: Option<(&'static str, f64)>,
    goal: Option<Goal>,
}

/// What was to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// The value itself, at most.
    AtMost(f64),
    /// The value as a part of the peer's, at most.
    RatioAtMost(f64),
    /// The value as a part of the peer's, at least.
    RatioAtLeast(f64),
    /// The value less the peer's, at most.
    AboveAtMost(f64),
}

impl Row {
    /// A value with nothing beside it.
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, against: None, goal: None }
    }

    /// The same beside what a peer had in this run.
    pub fn against(self, peer: &'static str, value: f64) -> Self {
        Self { against: Some((peer, value)), ..self }
    }

    /// The same with a goal.
    pub fn goal(self, goal: Goal) -> Self {
        Self { goal: Some(goal), ..self }
    }

    /// The row as tools read it.
    pub fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "against": self.against.map(|(peer, value)| json!({"name": peer, "value": value})),
            "ratio": self.ratio(),
            "goal": self.goal.map(|goal| self.said(goal)),
            "met": self.met(),
        })
    }

    fn ratio(&self) -> Option<f64> {
        self.against.filter(|(_, peer)| *peer > 0.0).map(|(_, peer)| self.value / peer)
    }

    /// Whether the goal is met; nothing without a goal, or without the peer that it speaks of.
    fn met(&self) -> Option<bool> {
        match self.goal? {
            Goal::AtMost(most) => Some(self.value <= most),
            Goal::RatioAtMost(most) => self.ratio().map(|ratio| ratio <= most),
            Goal::RatioAtLeast(least) => self.ratio().map(|ratio| ratio >= least),
            Goal::AboveAtMost(most) => self.against.map(|(_, peer)| self.value - peer <= most),
        }
    }

    fn said(&self, goal: Goal) -> String {
        let unit = self.unit;
        match goal {
            Goal::AtMost(most) => format!("at most {most} {unit}"),
            Goal::RatioAtMost(most) => format!("at most {most} times the peer's"),
            Goal::RatioAtLeast(least) => format!("at least {least} times the peer's"),
            Goal::AboveAtMost(most) => format!("at most {most} {unit} above the peer's"),
        }
    }

    fn cells(&self) -> [String; 5] {
        let against = self.against.map_or_else(String::new, |(peer, value)| format!("{peer} {value:.3}"));
        let met = match self.met() {
            Some(true) => "met: ",
            Some(false) => "MISSED: ",
            None => "",
        };
        let goal = self.goal.map_or_else(String::new, |goal| format!("{met}{}", self.said(goal)));
        let ratio = self.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        [self.name.clone(), format!("{:.3} {}", self.value, self.unit), against, ratio, goal]
    }
}

/// The rows as a table for people.
pub fn table(rows: &[Row]) -> String {
    let head = ["what", "value", "against", "ratio", "goal"].map(String::from);
    let lines: Vec<[String; 5]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..5).map(width).collect();
    let line = |cells: &[String; 5]| -> String {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_judged_by_what_it_speaks_of() {
        let row = || Row::new("x", 3.0, "ms");
        let cases = [
            (row(), None),
            (row().goal(Goal::AtMost(3.0)), Some(true)),
            (row().goal(Goal::AtMost(2.0)), Some(false)),
            (row().goal(Goal::RatioAtMost(1.0)), None),
            (row().against("peer", 2.0).goal(Goal::RatioAtMost(1.5)), Some(true)),
            (row().against("peer", 2.0).goal(Goal::RatioAtLeast(1.6)), Some(false)),
            (row().against("peer", 2.0).goal(Goal::AboveAtMost(1.0)), Some(true)),
            (row().against("peer", 0.0).goal(Goal::RatioAtMost(1.0)), None),
        ];
        for (row, met) in cases {
            assert_eq!(row.met(), met, "{row:?}");
        }
    }

    #[test]
    fn rows_are_told_to_tools_and_to_people() {
        let row = Row::new("help", 4.0, "ms").against("true", 2.0).goal(Goal::AtMost(10.0));
        let told = json!({"name": "help", "value": 4.0, "unit": "ms", "against": {"name": "true", "value": 2.0}, "ratio": 2.0, "goal": "at most 10 ms", "met": true});
        assert_eq!(row.to_json(), told);
        let expect = "what  value     against     ratio  goal\nhelp  4.000 ms  true 2.000  2.00   met: at most 10 ms\n";
        assert_eq!(table(&[row]), expect);
    }
}
