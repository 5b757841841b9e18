//! Examples of what a rule finds and of what it leaves alone: they explain it, and they test it.

use plimsoll_model::database::Direction;

use crate::{Pair, Script};

/// The schema that all examples begin with.
pub const GROUND: &str = "\
CREATE TABLE account (
  id bigint PRIMARY KEY,
  email varchar(100) NOT NULL,
  name varchar(50),
  age integer,
  CONSTRAINT account_age_check CHECK (age >= 0)
);
CREATE INDEX account_email_idx ON account (email);
CREATE TABLE payment (id bigint PRIMARY KEY, account_id bigint, amount numeric(10, 2));
";

/// A migration.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// A migration that was applied long before it, where it matters; else empty.
    pub before: &'static str,
    /// What is applied.
    pub up: &'static str,
    /// What undoes it, where that matters.
    pub down: Option<&'static str>,
}

impl Example {
    /// One that is applied, where nothing else matters.
    pub(super) const fn up(up: &'static str) -> Self {
        Self { before: "", up, down: None }
    }

    /// One that can be undone.
    pub(super) const fn pair(up: &'static str, down: &'static str) -> Self {
        Self { before: "", up, down: Some(down) }
    }

    /// One that comes long after another.
    pub(super) const fn after(before: &'static str, up: &'static str) -> Self {
        Self { before, up, down: None }
    }

    /// It with all that comes before it, as a folder would have it.
    #[must_use]
    pub fn migrations(&self) -> Vec<Pair> {
        let before = [GROUND, self.before].into_iter().filter(|sql| !sql.is_empty()).map(|sql| (sql, None));
        let all = before.chain([(self.up, self.down)]);
        (1..).zip(all).map(|(version, (up, down))| pair(version, up, down)).collect()
    }
}

fn pair(version: i64, up: &str, down: Option<&str>) -> Pair {
    let script = |direction: Direction, sql: &str| Script::new(format!("{version}_example.{direction}.sql"), direction, sql);
    Pair::new(version, format!("{version}_example"), script(Direction::Up, up), down.map(|down| script(Direction::Down, down)))
}
