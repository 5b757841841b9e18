//! Backups of the databases that serve: taken, verified, restored and told, because a plan or somebody asks for it.

use std::collections::BTreeMap;

use plimsoll_api::{BackupQuery, BackupWork, HostError, SecretValues};
use plimsoll_model::audit::{Action, Deed, Ending};
use plimsoll_model::backup::{Backup, Origin};
use plimsoll_model::copy::{Copies, CopySpec};
use plimsoll_model::deployment::Failure;
use plimsoll_model::plan::DatabaseAt;
use plimsoll_model::time::Moment;
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey};

use super::{Keeping, Room, copies, place};
use crate::audit;
use crate::host::Host;
use crate::look;
use crate::trouble::Trouble;
use crate::world::World;

/// Does what is asked with the databases of an environment that serve here, one after the other. What was backed up is told as well when it serves
/// no more.
pub(crate) async fn carry_out(host: &Host, query: BackupQuery) -> Result<Vec<Backup>, HostError> {
    if let (BackupWork::List, Some(database)) = (&query.work, &query.database) {
        return host.world.databases.list(&query.key, database).await.map_err(HostError::Failed);
    }
    if !query.work.only_looks() {
        look::judge_agents(&host.world, &query.key, &query.by.surface, None).await?;
    }
    let databases = serving(&host.world, &query).await?;
    // A deployment that begins meanwhile would look at what is half restored.
    let _idle = if let BackupWork::Restore { .. } = query.work { Some(idle(host, &query.key).await?) } else { None };
    let mut told = Vec::new();
    for (database, at) in databases {
        let done = keep(&host.world, &query.key, &database, &at, &query.work).await;
        if let Some(deed) = deed(&query, &database, done.as_ref().err()) {
            audit::tell(host, &deed).await;
        }
        told.extend(done.map_err(|trouble| HostError::Failed(super::about(&database, trouble)))?);
    }
    if let BackupWork::Create { .. } = &query.work {
        // It may be wanted elsewhere as well.
        host.table.scheduled.notify_one();
    }
    Ok(told)
}

/// Backs a database up before something could harm it.
pub(crate) async fn before(world: &World, room: Room<'_>, id: BackupId, keep: u32) -> Result<(), Trouble> {
    let origin = Some(Box::new(origin(world, room.key).await?));
    world.databases.keep(room, Keeping::BackUp { id, keep, origin }).await.map(drop)
}

/// When the last one was taken that counts, and how it stands with copies, where they are wanted.
pub(crate) async fn last(
    world: &World,
    key: &EnvironmentKey,
    name: &ComponentName,
    at: &DatabaseAt,
) -> Result<(Option<Moment>, Option<Copies>), Trouble> {
    let backups = world.databases.list(key, name).await?;
    let copied = |spec: &CopySpec| newest(backups.iter().filter(|backup| copies::copied(backup, spec).is_some()));
    let copies = at.copy.as_ref().map(|spec| Copies { to: spec.to.clone(), newest: copied(spec) });
    Ok((newest(&backups), copies))
}

/// When the newest of them was taken that counts.
pub(super) fn newest<'a>(backups: impl IntoIterator<Item = &'a Backup>) -> Option<Moment> {
    backups.into_iter().filter(|backup| backup.counts()).filter_map(|backup| Some(backup.content.as_ref()?.at)).max()
}

async fn keep(world: &World, key: &EnvironmentKey, database: &ComponentName, at: &DatabaseAt, work: &BackupWork) -> Result<Vec<Backup>, Trouble> {
    let keeping = match work.clone() {
        BackupWork::List => return world.databases.list(key, database).await,
        BackupWork::Create { id, keep } => Keeping::BackUp { id, keep, origin: Some(Box::new(origin(world, key).await?)) },
        BackupWork::Verify { id } => Keeping::Verify { id },
        BackupWork::Restore { id } => Keeping::Restore { id },
        BackupWork::Prune { keep } => Keeping::Prune { keep },
    };
    let place = place(world, key, database, at, &SecretValues::default()).await?;
    world.databases.keep(Room { key, database, place: &place }, keeping).await
}

/// The databases that the question is about.
async fn serving(world: &World, query: &BackupQuery) -> Result<BTreeMap<ComponentName, DatabaseAt>, HostError> {
    let rows = world.ledger.components(&query.key).await.map_err(HostError::Internal)?;
    let serving = rows.into_iter().filter_map(|(name, row)| Some((name, row.served?.database()?)));
    Ok(serving.filter(|(name, _)| query.database.as_ref().is_none_or(|wanted| wanted == name)).collect())
}

async fn idle<'a>(host: &'a Host, key: &EnvironmentKey) -> Result<impl Sized + use<'a>, HostError> {
    match host.idle().await {
        Some((idle, busy)) if !busy.contains(key) => Ok(idle),
        _ => Err(under_way(key)),
    }
}

/// That it has to wait for a deployment.
pub(super) fn under_way(key: &EnvironmentKey) -> HostError {
    let failure = Failure::new("deployment-under-way", format!("a deployment of {key} is under way"));
    HostError::Refused(failure.with_help(format!("wait until it has ended; `plimsoll status {}` tells", key.environment)))
}

/// What serves in an environment.
async fn origin(world: &World, key: &EnvironmentKey) -> Result<Origin, Trouble> {
    let (releases, configs, files) = Default::default();
    let mut origin = Origin { key: key.clone(), deployment: None, version: None, commit: None, releases, configs, files };
    for (component, row) in world.ledger.components(key).await? {
        let Some(served) = row.served else { continue };
        origin.releases.insert(component.clone(), served.release);
        origin.files.extend(served.own().map(|own| (component.clone(), own.files.content)));
        origin.configs.insert(component, served.config);
        origin.deployment = origin.deployment.max(served.deployment);
    }
    if let Some(id) = &origin.deployment {
        let source = world.ledger.deployment(id).await?.map(|stored| stored.record.source);
        (origin.version, origin.commit) = source.map_or((None, None), |source| (Some(source.version), source.commit));
    }
    Ok(origin)
}

/// What the audit log is told: not of looks, nor of what only finds out.
fn deed(query: &BackupQuery, database: &ComponentName, trouble: Option<&Trouble>) -> Option<Deed> {
    let (action, what) = match &query.work {
        BackupWork::Create { id, .. } => (Action::Backup, format!("{database}: {id}")),
        BackupWork::Restore { id } => (Action::Restore, format!("{database}: {id}")),
        BackupWork::Prune { keep } => (Action::Backup, format!("{database}: all but {keep} are deleted")),
        BackupWork::List | BackupWork::Verify { .. } => return None,
    };
    let ending = if trouble.is_some() { Ending::Failed } else { Ending::Done };
    let deed = Deed { environment: Some(query.key.clone()), note: Some(what), ..Deed::new(query.by.clone(), action, ending) };
    Some(match trouble {
        Some(trouble) => deed.because(trouble),
        None => deed,
    })
}
