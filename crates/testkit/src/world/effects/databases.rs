//! Databases of a simulated machine: each is the list of its migrations.

use std::path::Path;

use async_trait::async_trait;
use plimsoll_host::Trouble;
use plimsoll_host::database::{Address, Databases, Place};
use plimsoll_model::database::{Applied, Direction, Migration};

use super::Hands;
use crate::world::deed::Deed;

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
}

fn name(place: &Place) -> String {
    match &place.address {
        Address::File { folder, path } => path.under(folder).display().to_string(),
        Address::Url(url) => url.expose().clone(),
    }
}
