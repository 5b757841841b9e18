//! Tells which migrations databases have, and which the source has.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::database::{Applied, Migration};
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::migrating::numbered;
use crate::proposal::prepare;
use crate::{Context, OpError, Progress, Wanted, project};

/// Of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The migrations of each database, in their order.
    pub databases: BTreeMap<ComponentName, Vec<Known>>,
}

impl Output {
    /// Whether a database lacks a migration.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.databases.values().flatten().any(|known| known.state == State::Pending)
    }
}

/// A migration that a database or the source knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Known {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// How it stands with it.
    pub state: State,
    /// Whether the source says how it is undone.
    pub reversible: bool,
}

/// How it stands with a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The database has it.
    Applied,
    /// The source has it, and the database does not.
    Pending,
    /// The database has it, and the source another one of that number.
    Changed,
    /// It was begun in the database, and never finished.
    Half,
    /// The database has it, and the source does not.
    Unknown,
}

/// Asks the databases.
///
/// # Errors
/// The manifest or the source is not right, a host or a database cannot be reached.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let loaded = numbered(project::load(context, &input.environment)?, input.database.as_ref())?;
    let key = loaded.key();
    let prepared = prepare(context, &loaded, &Wanted::Default, progress).await?;
    let seen = prepared.observe(&key).await?;
    let applied = |name: &ComponentName| seen.values().find_map(|seen| seen.databases.get(name)).map_or(&[][..], Vec::as_slice);
    let databases = prepared.migrations.wanted().into_iter().map(|(name, wanted)| (name.clone(), known(&wanted, applied(&name)))).collect();
    Ok(Output { key, databases })
}

fn known(wanted: &[Migration], applied: &[Applied]) -> Vec<Known> {
    let wanted: BTreeMap<i64, &Migration> = wanted.iter().map(|migration| (migration.version, migration)).collect();
    let applied: BTreeMap<i64, &Applied> = applied.iter().map(|applied| (applied.version, applied)).collect();
    let versions: BTreeSet<i64> = wanted.keys().chain(applied.keys()).copied().collect();
    let one = |version: i64| {
        let (migration, there) = (wanted.get(&version).copied(), applied.get(&version).copied());
        let state = match (migration, there) {
            (_, Some(there)) if !there.whole => State::Half,
            (Some(migration), Some(there)) if migration.up != there.checksum => State::Changed,
            (Some(_), Some(_)) => State::Applied,
            (Some(_), None) => State::Pending,
            (None, _) => State::Unknown,
        };
        let name = migration.map(|migration| migration.name.clone()).or_else(|| there.map(|there| format!("{version} {}", there.description)));
        Known { version, name: name.unwrap_or_default(), state, reversible: migration.is_some_and(|migration| migration.down.is_some()) }
    };
    versions.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::database::Checksum;

    use super::*;

    #[test]
    fn every_migration_of_either_side_is_told_once() {
        let migration = |version: i64, down: bool| Migration {
            version,
            name: format!("{version}_x"),
            up: Checksum(format!("up {version}")),
            down: down.then(|| Checksum("down".into())),
        };
        let applied = |version: i64, up: &str, whole: bool| Applied { version, description: "x".into(), checksum: Checksum(up.into()), whole };
        let wanted = [migration(1, true), migration(2, true), migration(3, false), migration(4, true)];
        let there = [applied(1, "up 1", true), applied(2, "other", true), applied(3, "up 3", false), applied(9, "up 9", true)];
        let told: Vec<_> = known(&wanted, &there).into_iter().map(|known| (known.name, known.state, known.reversible)).collect();
        let expected = [
            ("1_x", State::Applied, true),
            ("2_x", State::Changed, true),
            ("3_x", State::Half, false),
            ("4_x", State::Pending, true),
            ("9 x", State::Unknown, false),
        ];
        assert_eq!(told, expected.map(|(name, state, reversible)| (name.to_owned(), state, reversible)));
    }
}
