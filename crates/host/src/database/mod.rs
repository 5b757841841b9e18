//! Databases that programs use: found by what a plan says of them, and talked to by processes of their own.

pub(crate) mod backups;
mod clients;
mod confine;
pub(crate) mod copies;
mod room;
pub(crate) mod schedule;
pub(crate) mod schemas;
mod script;
mod task;
mod tool;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use futures_util::future::try_join_all;
use plimsoll_api::{CopyAnswer, CopyWork, HostError, SecretValues};
use plimsoll_model::backup::{Backup, Origin};
use plimsoll_model::database::{Applied, Compared, DatabaseKind, Direction, Location, Migration};
use plimsoll_model::plan::DatabaseAt;
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey, RelPath, Secret};
use serde::{Deserialize, Serialize};

use crate::trouble::Trouble;
use crate::world::World;

pub use clients::{Clients, Users};
pub use copies::Copying;
pub use task::carry_out;
pub(crate) use tool::Bench;
pub use tool::Levels;

/// A database that can be talked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub engine: DatabaseKind,
    /// Where it is.
    pub address: Address,
}

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A file.
    File {
        /// What its component shares between releases.
        folder: PathBuf,
        /// The file in there.
        path: RelPath,
    },
    /// A server.
    Server {
        /// Its URL.
        url: Secret<String>,
        /// The user of this host as whom it is asked.
        user: Option<String>,
    },
}

/// Talking to databases.
#[async_trait]
pub trait Databases: Send + Sync {
    /// The migrations that a database has; none where there is no database yet.
    async fn applied(&self, place: &Place) -> Result<Vec<Applied>, Trouble>;

    /// Runs a migration whose files are in `folder`. Does nothing where it was run that way already.
    async fn migrate(&self, place: &Place, folder: &Path, migration: &Migration, direction: Direction) -> Result<(), Trouble>;

    /// Compares the schema of a database with the one that these migrations give, as far as it has them; their files are in `folder`.
    async fn compare(&self, room: Room<'_>, folder: &Path, migrations: &[Migration]) -> Result<Compared, Trouble>;

    /// The backups of a database, the oldest first.
    async fn list(&self, key: &EnvironmentKey, database: &ComponentName) -> Result<Vec<Backup>, Trouble>;

    /// Does something with them. Answers those that it was about.
    async fn keep(&self, room: Room<'_>, work: Keeping) -> Result<Vec<Backup>, Trouble>;

    /// What is kept of the runs of its own tool.
    async fn levels(&self, key: &EnvironmentKey, database: &ComponentName) -> Result<Levels, Trouble>;

    /// Keeps that, for good.
    async fn note(&self, key: &EnvironmentKey, database: &ComponentName, levels: &Levels) -> Result<(), Trouble>;

    /// Does something with the copies of its backups that lie elsewhere.
    async fn copies(&self, of: Copying<'_>, work: &CopyWork) -> Result<CopyAnswer, Trouble>;
}

/// A database whose backups are kept.
#[derive(Debug, Clone, Copy)]
pub struct Room<'a> {
    /// Its environment.
    pub key: &'a EnvironmentKey,
    /// Its name.
    pub database: &'a ComponentName,
    /// Where it is.
    pub place: &'a Place,
}

/// What is done with the backups of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "keeping", rename_all = "snake_case")]
pub enum Keeping {
    /// Takes one, unless it is there; verifies it, and deletes those that nothing keeps. A database in a file that is not there yet has none.
    BackUp {
        /// How it is called.
        id: BackupId,
        /// How many are kept.
        keep: u32,
        /// What serves.
        origin: Option<Box<Origin>>,
    },
    /// Restores one into a scratch database and compares.
    Verify {
        /// Which.
        id: BackupId,
    },
    /// Puts the data of one into a database that has none.
    Begin {
        /// Which.
        id: BackupId,
    },
    /// Puts the data of one in the place of what the database has.
    Restore {
        /// Which.
        id: BackupId,
    },
    /// Deletes those that nothing keeps.
    Prune {
        /// How many are kept.
        keep: u32,
    },
}

/// The migrations of each of these databases, all asked at once. `brought` are the values of secrets that who asks has.
pub(crate) async fn applied(
    world: &World,
    key: &EnvironmentKey,
    databases: &BTreeMap<ComponentName, DatabaseAt>,
    brought: &SecretValues,
) -> Result<BTreeMap<ComponentName, Vec<Applied>>, HostError> {
    let ask = |(name, at)| async move {
        let place = place(world, key, name, at, brought).await.map_err(HostError::Refused)?;
        let applied = world.databases.applied(&place).await.map_err(|trouble| HostError::Failed(about(name, trouble)))?;
        Ok::<_, HostError>((name.clone(), applied))
    };
    Ok(try_join_all(databases.iter().map(ask)).await?.into_iter().collect())
}

/// Why a database is not what was deployed, asked right now. Without `migrations`, it is only seen whether it answers.
pub(crate) async fn trouble(
    world: &World,
    key: &EnvironmentKey,
    name: &ComponentName,
    at: &DatabaseAt,
    migrations: Option<&[Migration]>,
) -> Option<String> {
    let asked = async { world.databases.applied(&place(world, key, name, at, &SecretValues::default()).await?).await };
    let applied = match asked.await {
        Ok(applied) => applied,
        Err(trouble) => return Some(trouble.message),
    };
    let migrations = migrations?;
    let same = |(applied, wanted): (&Applied, &Migration)| applied.whole && applied.version == wanted.version && applied.checksum == wanted.up;
    let is_so = applied.len() == migrations.len() && applied.iter().zip(migrations).all(same);
    (!is_so).then(|| format!("it has {} migrations, and not those {} that were deployed", applied.len(), migrations.len()))
}

/// Finds a database.
pub(crate) async fn place(
    world: &World,
    key: &EnvironmentKey,
    name: &ComponentName,
    at: &DatabaseAt,
    brought: &SecretValues,
) -> Result<Place, Trouble> {
    let address = match &at.location {
        Location::File { component, path } => Address::File { folder: world.releases.shared(key, component), path: path.clone() },
        Location::Server { url, user } => {
            let brought = brought.0.get(name).and_then(|values| values.get(url));
            let url = match brought {
                Some(value) => value.clone(),
                None => kept(world, key, name, at, url).await?,
            };
            Address::Server { url, user: user.clone() }
        }
    };
    Ok(Place { engine: at.engine, address })
}

/// The URL that came with the configuration.
async fn kept(world: &World, key: &EnvironmentKey, name: &ComponentName, at: &DatabaseAt, url: &str) -> Result<Secret<String>, Trouble> {
    let gone = || {
        let message = format!("the value of secret {url} of {key} {name} is not on this host any more");
        Trouble::new("secret-gone", message).with_help("deploy again with the secret set")
    };
    world.secrets.read(key, name, &at.config).await?.remove(url).ok_or_else(gone)
}

fn about(name: &ComponentName, trouble: Trouble) -> Trouble {
    Trouble { message: format!("database {name}: {}", trouble.message), ..trouble }
}
