//! Databases of a simulated machine: each is the list of its migrations.

use std::path::Path;

use async_trait::async_trait;
use plimsoll_api::{CopyAnswer, CopyWork};
use plimsoll_host::Trouble;
use plimsoll_host::database::{Address, Copying, Databases, Keeping, Levels, Place, Room};
use plimsoll_model::backup::{Backup, Content, Tables, outdated};
use plimsoll_model::database::{Applied, Compared, Direction, Migration};
use plimsoll_model::time::Moment;
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey};

use super::Hands;
use crate::deed::Deed;

#[async_trait]
impl Databases for Hands {
    async fn applied(&self, place: &Place) -> Result<Vec<Applied>, Trouble> {
        self.alive().await;
        Ok(self.machine.state().databases.get(&name(place)).cloned().unwrap_or_default())
    }

    async fn migrate(&self, place: &Place, _: &Path, migration: &Migration, direction: Direction) -> Result<(), Trouble> {
        self.effect(Deed::Migrate(migration.version, direction), |state| {
            let applied = state.databases.entry(name(place)).or_default();
            applied.retain(|applied| applied.version != migration.version);
            if direction == Direction::Up {
                let (version, checksum) = (migration.version, migration.up.clone());
                applied.push(Applied { version, description: migration.description(), checksum, whole: true });
                applied.sort_by_key(|applied| applied.version);
            }
            Ok(())
        })
        .await
    }

    /// Nobody changes them by hand.
    async fn compare(&self, room: Room<'_>, _: &Path, _: &[Migration]) -> Result<Compared, Trouble> {
        let migrations = self.applied(room.place).await?.len();
        Ok(Compared { migrations, changes: Vec::new() })
    }

    async fn list(&self, key: &EnvironmentKey, database: &ComponentName) -> Result<Vec<Backup>, Trouble> {
        self.alive().await;
        Ok(self.machine.state().backups.get(&(key.clone(), database.clone())).cloned().unwrap_or_default())
    }

    async fn levels(&self, key: &EnvironmentKey, database: &ComponentName) -> Result<Levels, Trouble> {
        self.alive().await;
        Ok(self.machine.state().levels.get(&(key.clone(), database.clone())).cloned().unwrap_or_default())
    }

    async fn note(&self, key: &EnvironmentKey, database: &ComponentName, levels: &Levels) -> Result<(), Trouble> {
        self.alive().await;
        self.machine.state().levels.insert((key.clone(), database.clone()), levels.clone());
        Ok(())
    }

    /// Nothing lies outside of a simulated machine.
    async fn copies(&self, _: Copying<'_>, _: &CopyWork) -> Result<CopyAnswer, Trouble> {
        Ok(CopyAnswer::default())
    }

    /// What is kept of a database is the list of its migrations as it was.
    async fn keep(&self, room: Room<'_>, work: Keeping) -> Result<Vec<Backup>, Trouble> {
        let (at, name) = ((room.key.clone(), room.database.clone()), name(room.place));
        self.effect(Deed::BackUp(room.database.clone()), |state| {
            let applied = state.databases.get(&name).cloned().unwrap_or_default();
            let backups = state.backups.entry(at).or_default();
            let unknown = || Trouble::new("backup-file", "there is no such backup");
            let find = |backups: &[Backup], id: &BackupId| backups.iter().find(|backup| backup.id == *id).cloned().ok_or_else(unknown);
            match work {
                Keeping::BackUp { id, keep, origin } => {
                    let content = Content { at: Moment(0), bytes: 0, tables: Tables::new(), applied, origin: origin.map(|origin| *origin) };
                    let database = room.database.clone();
                    let backup = Backup { id, database, content: Some(content), verified_at: Some(Moment(0)), trouble: None, copied: None };
                    backups.retain(|other| other.id != backup.id);
                    backups.push(backup.clone());
                    prune(backups, keep);
                    Ok(vec![backup])
                }
                Keeping::Verify { id } => find(backups, &id).map(|backup| vec![backup]),
                Keeping::Begin { id } | Keeping::Restore { id } => {
                    let backup = find(backups, &id)?;
                    state.databases.insert(name, backup.content.iter().flat_map(|content| content.applied.clone()).collect());
                    Ok(vec![backup])
                }
                Keeping::Prune { keep } => {
                    prune(backups, keep);
                    Ok(backups.clone())
                }
            }
        })
        .await
    }
}

fn prune(backups: &mut Vec<Backup>, keep: u32) {
    let outdated = outdated(backups, keep);
    backups.retain(|backup| !outdated.contains(&backup.id));
}

/// Tells one database from another.
pub(crate) fn name(place: &Place) -> String {
    match &place.address {
        Address::File { folder, path } => path.under(folder).display().to_string(),
        Address::Server { url, .. } => url.expose().clone(),
    }
}
