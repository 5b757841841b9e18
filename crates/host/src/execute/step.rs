//! What each step does, and how it is undone. Both may be repeated.

use plimsoll_api::SecretValues;
use plimsoll_model::database::{Direction, Migration};
use plimsoll_model::plan::{DatabaseAt, Served, Step, ToolRun};
use plimsoll_model::route::RouteSpec;
use plimsoll_model::time::Moment;
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey, ReleaseId, SlotId};

use super::health::Asked;
use super::{Deployment, Table, health};
use crate::database::{self, Bench, Keeping, Room};
use crate::enrol::{self, Need, Wanted};
use crate::ledger::{Change, ComponentRow, SlotRow, Stored};
use crate::releases::Shared;
use crate::supervise::Life;
use crate::trouble::Trouble;
use crate::world::World;

/// How long a slot that should have stopped already may take to do so when it is removed, in milliseconds.
const REMOVE_DRAIN_MS: u64 = 10_000;

/// Where a step happens.
pub(crate) struct At<'a> {
    pub(crate) deployment: &'a Deployment,
    pub(crate) table: &'a Table,
    pub(crate) component: &'a ComponentName,
}

type Changes = Result<Vec<Change>, Trouble>;

/// What is recorded with the intent of a step: what must be known even when nothing of the step is.
pub(crate) async fn intend(at: &At<'_>, step: &Step) -> Changes {
    let Step::StartSlot { slot, release, config, spec } = step else { return Ok(Vec::new()) };
    let component = at.row().await?;
    if component.slots.iter().any(|row| row.slot == *slot) {
        return Ok(Vec::new());
    }
    let taken = at.spoken_for().await?;
    let row = SlotRow {
        key: at.key().clone(),
        component: at.component.clone(),
        slot: slot.clone(),
        release: *release,
        config: *config,
        spec: spec.clone(),
        port: at.world().supervisor.free_port(&taken).await?,
        running: true,
    };
    at.world().supervisor.judge(&row)?;
    Ok(vec![Change::Slot(row)])
}

/// Does a step; answers what it changed.
pub(crate) async fn apply(at: &At<'_>, step: &Step) -> Changes {
    match step {
        Step::StageRelease { release, shared, of } => {
            let shared = Shared { of: of.as_ref().unwrap_or(at.component), paths: shared };
            at.world().releases.stage(at.key(), at.component, release, shared).await?;
            Ok(vec![Change::Staged { key: at.key().clone(), component: at.component.clone(), release: *release }])
        }
        Step::Enrol { enrolment, port } => {
            let wanted = Wanted { key: at.key().clone(), enrolment: enrolment.clone(), port: *port };
            enrol::issue(at.world(), at.table, &wanted, Need::Valid).await.map(|_| Vec::new())
        }
        Step::BackUp { database, keep } => at.back_up(database, *keep).await.map(|()| Vec::new()),
        Step::Restore { database, backup } => at.restore(database, backup).await.map(|()| Vec::new()),
        Step::PutBack { database, backup } => at.put_back(database, backup).await.map(|()| Vec::new()),
        Step::Migrate { database, release, migration, direction } => at.migrate(database, release, migration, *direction).await.map(|()| Vec::new()),
        Step::RunTool(run) => at.bench(run).apply().await.map(|()| Vec::new()),
        Step::StartSlot { slot, .. } => at.start(slot).await.map(|_| Vec::new()),
        Step::AwaitHealthy { slot, check, within_ms } => {
            health::await_healthy(at.world(), &at.slot(slot).await?, check, *within_ms).await.map(|()| Vec::new())
        }
        Step::Switch { to, .. } => at.switch(to.as_ref(), true).await,
        Step::CheckRoute { matches, path, within_ms, certificate } => {
            let certificate = match certificate {
                Some(certificate) => Some(enrol::shown(at.world(), at.key(), *certificate).await?),
                None => None,
            };
            health::check_route(at.world(), at.key(), &Asked { matches, path, certificate }, *within_ms).await.map(|()| Vec::new())
        }
        Step::StopSlot { slot, drain_ms } => at.stop(slot, *drain_ms).await,
        Step::RemoveSlot { slot } => {
            // Its own step may have failed to stop it: what runs is never forgotten.
            at.stop(slot, REMOVE_DRAIN_MS).await?;
            at.remove(slot).await
        }
        Step::PruneRelease { release } => at.prune(release).await,
    }
}

/// Undoes a step, however far it came; answers what that changed.
pub(crate) async fn undo(at: &At<'_>, step: &Step) -> Changes {
    match step {
        Step::StageRelease { release, .. } => {
            at.unstage(release).await?;
            Ok(vec![Change::Unstaged { key: at.key().clone(), component: at.component.clone(), release: *release }])
        }
        // A certificate that was issued harms nobody, and may be wanted soon.
        Step::Enrol { .. } => enrol::hide(at.world(), at.table).await.map(|()| Vec::new()),
        Step::Migrate { database, release, migration, direction } => {
            if *direction == Direction::Up {
                at.migrate_back(database, release, migration).await?;
            }
            Ok(Vec::new())
        }
        Step::RunTool(run) => at.bench(run).undo().await.map(|()| Vec::new()),
        Step::PutBack { database, .. } => at.take_back(database).await.map(|()| Vec::new()),
        Step::StartSlot { slot, spec, .. } => {
            at.stop(slot, spec.drain_timeout_ms).await?;
            plimsoll_crashpoint::reach!("host: stopped, not removed");
            at.remove(slot).await
        }
        Step::Switch { from, .. } => at.switch(from.as_ref(), false).await,
        Step::StopSlot { slot, .. } => at.start_again(slot).await,
        // The first two only look, a backup is good to have, and so is data where there was none; the last two come after the decision, when
        // nothing is undone.
        Step::AwaitHealthy { .. }
        | Step::CheckRoute { .. }
        | Step::BackUp { .. }
        | Step::Restore { .. }
        | Step::RemoveSlot { .. }
        | Step::PruneRelease { .. } => Ok(Vec::new()),
    }
}

impl At<'_> {
    fn world(&self) -> &World {
        &self.deployment.world
    }

    fn key(&self) -> &EnvironmentKey {
        self.deployment.key()
    }

    async fn row(&self) -> Result<ComponentRow, Trouble> {
        Ok(self.world().ledger.components(self.key()).await?.remove(self.component).unwrap_or_default())
    }

    async fn find(&self, slot: &SlotId) -> Result<Option<SlotRow>, Trouble> {
        Ok(self.row().await?.slots.into_iter().find(|row| row.slot == *slot))
    }

    async fn slot(&self, slot: &SlotId) -> Result<SlotRow, Trouble> {
        let missing = || Trouble::new("slot-missing", format!("the ledger has no slot {slot} of {}", self.key()));
        self.find(slot).await?.ok_or_else(missing)
    }

    /// Ports that no new slot may take, whether or not anyone listens there yet: those of the slots and routes on record, and those of
    /// the routes that this deployment is about to make.
    async fn spoken_for(&self) -> Result<Vec<u16>, Trouble> {
        let Stored { plan, host, .. } = &self.deployment.stored;
        let planned = plan.steps(host).filter_map(|(_, step)| if let Step::Switch { to, .. } = step { to.as_ref() } else { None });
        let mut ports: Vec<u16> = planned.flat_map(ports_of).collect();
        for key in self.world().ledger.environments().await? {
            for row in self.world().ledger.components(&key).await?.values() {
                ports.extend(row.slots.iter().map(|slot| slot.port).chain(row.served.iter().flat_map(ports_of)));
            }
        }
        Ok(ports)
    }

    async fn start(&self, slot: &SlotId) -> Result<SlotRow, Trouble> {
        let row = SlotRow { running: true, ..self.slot(slot).await? };
        start(self.world(), &row).await?;
        Ok(row)
    }

    /// Starts a slot that was stopped, if it is the one that serves: one that was left over, of which the files may be gone, stays stopped.
    async fn start_again(&self, slot: &SlotId) -> Changes {
        if self.row().await?.served.is_none_or(|served| served.target.slot() != Some(slot)) {
            return Ok(Vec::new());
        }
        let row = self.start(slot).await?;
        // It may be as broken as it was. Then nothing is won by staying between two releases, where not even a mend can be deployed.
        if let Err(trouble) = self.until_well(&row).await {
            tracing::warn!(%slot, key = %self.key(), %trouble, "what served before runs again, and is not healthy");
        }
        Ok(vec![Change::Slot(row)])
    }

    async fn until_well(&self, row: &SlotRow) -> Result<(), Trouble> {
        health::until_well(self.world(), row, &row.spec.health, row.spec.start_timeout_ms).await
    }

    /// Lets requests finish, then stops the slot. One that is not on record never started.
    async fn stop(&self, slot: &SlotId, drain_ms: u64) -> Changes {
        self.world().router.drain(self.key(), slot, drain_ms).await?;
        plimsoll_crashpoint::reach!("host: drained, not stopped");
        self.world().supervisor.stop(self.key(), slot, drain_ms).await?;
        Ok(self.find(slot).await?.map(|row| Change::Slot(SlotRow { running: false, ..row })).into_iter().collect())
    }

    async fn remove(&self, slot: &SlotId) -> Changes {
        self.world().supervisor.forget(self.key(), slot).await?;
        Ok(vec![Change::SlotGone { key: self.key().clone(), slot: slot.clone() }])
    }

    async fn back_up(&self, at: &DatabaseAt, keep: u32) -> Result<(), Trouble> {
        let (key, database) = (self.key(), self.component);
        let place = &database::place(self.world(), key, database, at, &SecretValues::default()).await?;
        plimsoll_crashpoint::reach!("host: before backup");
        database::backups::before(self.world(), Room { key, database, place }, self.deployment.id().into(), keep).await?;
        plimsoll_crashpoint::reach!("host: after backup");
        Ok(())
    }

    async fn restore(&self, at: &DatabaseAt, backup: &BackupId) -> Result<(), Trouble> {
        let (key, database) = (self.key(), self.component);
        let place = &database::place(self.world(), key, database, at, &SecretValues::default()).await?;
        plimsoll_crashpoint::reach!("host: before restore");
        let room = Room { key, database, place };
        self.world().databases.keep(room, Keeping::Begin { id: backup.clone() }).await?;
        plimsoll_crashpoint::reach!("host: after restore");
        Ok(())
    }

    async fn put_back(&self, at: &DatabaseAt, backup: &BackupId) -> Result<(), Trouble> {
        let (key, database) = (self.key(), self.component);
        let place = &database::place(self.world(), key, database, at, &SecretValues::default()).await?;
        plimsoll_crashpoint::reach!("host: before data is put back");
        self.world().databases.keep(Room { key, database, place }, Keeping::Restore { id: backup.clone() }).await?;
        plimsoll_crashpoint::reach!("host: after data is put back");
        Ok(())
    }

    /// Puts back what there was before other data was. Of a file that was not there yet, nothing was kept.
    async fn take_back(&self, at: &DatabaseAt) -> Result<(), Trouble> {
        let kept: BackupId = self.deployment.id().into();
        let backups = self.world().databases.list(self.key(), self.component).await?;
        if backups.iter().any(|backup| backup.id == kept) { self.put_back(at, &kept).await } else { Ok(()) }
    }

    async fn migrate(&self, at: &DatabaseAt, release: &ReleaseId, migration: &Migration, direction: Direction) -> Result<(), Trouble> {
        let place = database::place(self.world(), self.key(), self.component, at, &SecretValues::default()).await?;
        let folder = self.world().releases.folder(self.key(), self.component, release);
        plimsoll_crashpoint::reach!("host: before migration");
        self.world().databases.migrate(&place, &folder, migration, direction).await?;
        plimsoll_crashpoint::reach!("host: after migration");
        Ok(())
    }

    fn bench<'a>(&'a self, run: &'a ToolRun) -> Bench<'a> {
        Bench { world: self.world(), key: self.key(), database: self.component, deployment: self.deployment.id(), run }
    }

    /// What nothing says how to undo stays: a migration has to suit the program before anyway, as that serves while it is run.
    async fn migrate_back(&self, at: &DatabaseAt, release: &ReleaseId, migration: &Migration) -> Result<(), Trouble> {
        if migration.down.is_none() {
            tracing::warn!(%migration, key = %self.key(), "the migration has no `down` file and stays");
            return Ok(());
        }
        self.migrate(at, release, migration, Direction::Down).await
    }

    async fn unstage(&self, release: &ReleaseId) -> Result<(), Trouble> {
        self.world().releases.unstage(self.key(), self.component, release).await
    }

    async fn prune(&self, release: &ReleaseId) -> Changes {
        // A slot that could not be stopped runs on, and needs its files.
        if let Some(row) = self.row().await?.slots.iter().find(|row| row.release == *release) {
            let message = format!("release {} of {} {} is not deleted: slot {} still has it", release.short(), self.key(), self.component, row.slot);
            return Err(Trouble::new("release-in-use", message).with_help("the next deployment of the component removes both"));
        }
        self.unstage(release).await?;
        plimsoll_crashpoint::reach!("host: release of {} unstaged, not pruned", self.component);
        // The folder is gone, and that has to be on record whatever becomes of the files behind it: a plan that took the release
        // for laid out would start nothing.
        if let Err(trouble) = self.world().releases.prune(release).await {
            tracing::warn!(release = %release, %trouble, "files of a release that nothing needs could not be deleted");
        }
        Ok(vec![Change::Unstaged { key: self.key().clone(), component: self.component.clone(), release: *release }])
    }

    async fn switch(&self, served: Option<&Served>, forward: bool) -> Changes {
        if let Some(slot) = served.and_then(|served| served.target.slot())
            // One that a step has stopped, as two may not run, is started again when that step is undone.
            && (forward || self.slot(slot).await?.running)
        {
            // It may have been lost since it was healthy, or the machine started again.
            let row = self.start(slot).await?;
            if forward {
                self.until_well(&row).await?;
            }
        }
        let by = forward.then_some(&self.deployment.stored.record);
        self.table.switch(self.world(), self.key(), self.component, served, by).await?;
        let since = if forward { self.world().clock.now() } else { self.since(served).await? };
        let deployment = |served: &Served| served.deployment.clone().filter(|_| !forward).or_else(|| Some(self.deployment.id().clone()));
        let served = served.map(|served| Served { deployment: deployment(served), ..served.clone() });
        Ok(vec![Change::Served { key: self.key().clone(), component: self.component.clone(), served, since }])
    }

    /// Since when the former target had served.
    async fn since(&self, served: Option<&Served>) -> Result<Moment, Trouble> {
        let Some(id) = served.and_then(|served| served.deployment.as_ref()) else { return Ok(self.world().clock.now()) };
        let stored = self.world().ledger.deployment(id).await?;
        Ok(stored.and_then(|stored| stored.record.ended_at).unwrap_or_else(|| self.world().clock.now()))
    }
}

/// Starts a slot as it is on record, unless it runs.
pub(crate) async fn start(world: &World, row: &SlotRow) -> Result<(), Trouble> {
    let secrets = world.secrets.read(&row.key, &row.component, &row.config).await?;
    if let Some(missing) = row.spec.secrets.keys().find(|name| !secrets.contains_key(*name)) {
        let message = format!("the value of secret {missing} of {} {} is not on this host any more", row.key, row.component);
        return Err(Trouble::new("secret-gone", message).with_help("deploy again with the secret set"));
    }
    let folder = world.releases.folder(&row.key, &row.component, &row.release);
    world.supervisor.start(row, folder, &secrets, Life::Kept).await
}

fn ports_of(served: &Served) -> impl Iterator<Item = u16> + use<> {
    let ports: Vec<u16> = served.route.iter().flat_map(RouteSpec::ports).collect();
    ports.into_iter()
}
