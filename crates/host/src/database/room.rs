//! What a process does with the backups of a database, whose folder is the one that it is in.

use std::path::{Path, PathBuf};

use plimsoll_database::{BackupError, Place, back_up, begin_with, list, prune, restore, sweep, verify};
use plimsoll_model::backup::{Backup, Origin};
use plimsoll_model::{BackupId, ComponentName};

use super::Keeping;
use crate::clock::{Clock, SystemClock};

/// Where it is.
const HERE: &str = ".";

/// Does it, and answers the backups that it was about.
pub(super) async fn keep(place: &Place, database: &ComponentName, keeping: Keeping) -> Result<Vec<Backup>, BackupError> {
    sweep(place)?;
    match keeping {
        Keeping::BackUp { id, keep, origin } => {
            let taken = take(place, &id, origin.map(|origin| *origin)).await;
            plimsoll_crashpoint::reach!("client: backup verified, others not pruned");
            // Also when it does not count: or those that do not would pile up.
            prune(Path::new(HERE), database, keep)?;
            taken?;
            one(database, &id)
        }
        Keeping::Verify { id } => {
            verify(&folder(&id), place, SystemClock.now()).await?;
            one(database, &id)
        }
        Keeping::Begin { id } => {
            begin_with(&folder(&id), place).await?;
            one(database, &id)
        }
        Keeping::Restore { id } => {
            restore(&folder(&id), place).await?;
            one(database, &id)
        }
        Keeping::Prune { keep } => prune(Path::new(HERE), database, keep),
    }
}

/// One of this name that is there was taken before who asked was cut off.
async fn take(place: &Place, id: &BackupId, origin: Option<Origin>) -> Result<(), BackupError> {
    let folder = folder(id);
    if !folder.exists() {
        back_up(place, &folder, SystemClock.now(), origin).await?;
    }
    plimsoll_crashpoint::reach!("client: backup taken, not verified");
    verify(&folder, place, SystemClock.now()).await.map(drop)
}

fn one(database: &ComponentName, id: &BackupId) -> Result<Vec<Backup>, BackupError> {
    Ok(list(Path::new(HERE), database)?.into_iter().filter(|backup| backup.id == *id).collect())
}

fn folder(id: &BackupId) -> PathBuf {
    Path::new(HERE).join(id.as_str())
}
