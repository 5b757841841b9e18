//! Looking: what a host tells of itself, without changing anything.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use plimsoll_api::{Enrolled, Facts, HostError, Look, Order, Report, Service};
use plimsoll_model::agents::{self, Agents};
use plimsoll_model::database::Applied;
use plimsoll_model::deployment::{DeploymentRecord, Outcome, serving, stable_before};
use plimsoll_model::plan::{Observed, ObservedComponent, Served, Target};
use plimsoll_model::route::RouteSpec;
use plimsoll_model::slot::ObservedSlot;
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey, Policy, ReleaseId, StateHash};

use crate::execute::well;
use crate::host::Host;
use crate::ledger::{ComponentRow, SlotRow};
use crate::program;
use crate::trouble::Trouble;
use crate::world::World;
use crate::{database, enrol};

/// How many deployments back a rollback may want to go.
const HISTORY: u32 = 50;

/// What a host holds for an environment, but for its databases.
pub(crate) async fn observe(host: &Host, wanted: &Look) -> Result<Observed, Trouble> {
    let world = &host.world;
    let mut releases = BTreeSet::new();
    for release in &wanted.releases {
        if world.releases.has(release).await? {
            releases.insert(*release);
        }
    }
    let mut ports = BTreeMap::new();
    for port in &wanted.ports {
        ports.extend(world.router.port(*port).await.map(|user| (*port, user)));
    }
    let open = host.opened(&wanted.key).await;
    let history = world.ledger.history(&wanted.key, HISTORY).await?;
    Ok(Observed {
        platform: platform(),
        components: components(world, &wanted.key, &history).await?,
        releases,
        ports,
        foreign_routes: host.table.foreign(&wanted.key).await,
        one_protocol: !world.router.mixes_protocols(),
        databases: BTreeMap::new(),
        disk_free_bytes: world.releases.disk_free_bytes(),
        open: match open {
            Some(deployment) => Some(deployment.observe().await),
            None => None,
        },
        policy: recorded(world, &wanted.key).await?,
        durations_ms: world.ledger.durations(&wanted.key).await?,
        steps_ms: if wanted.step_times { world.ledger.step_times(&wanted.key).await? } else { BTreeMap::new() },
    })
}

/// The state that a plan for an environment must expect whose databases have these migrations.
pub(crate) async fn state(host: &Host, key: &EnvironmentKey, databases: BTreeMap<ComponentName, Vec<Applied>>) -> Result<StateHash, Trouble> {
    Ok(Observed { databases, ..observe(host, &Look::at(key.clone())).await? }.state())
}

async fn components(
    world: &World,
    key: &EnvironmentKey,
    history: &[DeploymentRecord],
) -> Result<BTreeMap<ComponentName, ObservedComponent>, Trouble> {
    let needed = needed(history);
    let mut seen = BTreeMap::new();
    for (name, row) in world.ledger.components(key).await? {
        let needed = needed.get(&name).cloned().unwrap_or_default();
        let slots = slots(world, &row).await?;
        seen.insert(name, ObservedComponent { served: row.served, slots, next_slot: row.next_slot, staged: row.staged, needed });
    }
    Ok(seen)
}

/// The releases of what serves, and of what a rollback would return to.
fn needed(history: &[DeploymentRecord]) -> BTreeMap<ComponentName, BTreeSet<ReleaseId>> {
    let mut needed: BTreeMap<ComponentName, BTreeSet<ReleaseId>> = BTreeMap::new();
    for record in [serving(history), stable_before(history).ok()].into_iter().flatten() {
        for (name, wanted) in &record.desired.components {
            needed.entry(name.clone()).or_default().insert(wanted.release);
        }
    }
    needed
}

/// Who may change an environment, as the last deployment of it has put on record. However many failed after that.
pub(crate) async fn recorded(world: &World, key: &EnvironmentKey) -> Result<Option<Policy>, Trouble> {
    Ok(world.ledger.committed(key).await?.and_then(|record| record.desired.policy))
}

/// What is in force by what stands on record and what is `wanted` from now on.
pub(crate) async fn policy(world: &World, key: &EnvironmentKey, wanted: Option<&Policy>) -> Result<Policy, Trouble> {
    Ok(Policy::in_force(recorded(world, key).await?.as_ref(), wanted))
}

/// Refuses an agent that may not change an environment, by what stands on record and what is `wanted` from now on.
pub(crate) async fn judge_agents(world: &World, key: &EnvironmentKey, surface: &str, wanted: Option<&Policy>) -> Result<(), HostError> {
    if surface != agents::SURFACE {
        return Ok(());
    }
    policy(world, key, wanted).await.map_err(HostError::Internal)?.agents.judge(surface, Agents::Deploy, key).map_err(HostError::Refused)
}

async fn slots(world: &World, row: &ComponentRow) -> Result<Vec<ObservedSlot>, Trouble> {
    let mut slots = Vec::new();
    for row in &row.slots {
        slots.push(slot(world, row).await?);
    }
    Ok(slots)
}

async fn slot(world: &World, row: &SlotRow) -> Result<ObservedSlot, Trouble> {
    let running = world.supervisor.look(&row.key, &row.slot).await?;
    Ok(ObservedSlot {
        slot: row.slot.clone(),
        release: row.release,
        config: row.config,
        port: row.port,
        condition: running.condition,
        restarts: running.restarts,
        pid: running.pid,
    })
}

/// What runs for an environment, asked right now.
pub(crate) async fn services(host: &Host, key: &EnvironmentKey) -> Result<Vec<Service>, Trouble> {
    let rows = host.world.ledger.components(key).await?;
    let there = rows.into_iter().filter(|(_, row)| row.served.is_some() || !row.slots.is_empty());
    join_all(there.map(|(name, row)| service(&host.world, key, name, row))).await.into_iter().collect()
}

async fn service(world: &World, key: &EnvironmentKey, name: ComponentName, row: ComponentRow) -> Result<Service, Trouble> {
    let by = match row.served.as_ref().and_then(|served| served.deployment.as_ref()) {
        Some(id) => world.ledger.deployment(id).await?.map(|stored| stored.record),
        None => None,
    };
    let trouble = trouble(world, key, &name, &row).await;
    let (backed_up_at, copies) = match row.served.as_ref().and_then(Served::database) {
        Some(at) => database::backups::last(world, key, &name, &at).await?,
        None => (None, None),
    };
    let (route, enrolled) = route(world, key, row.served.as_ref().and_then(|served| served.route.clone())).await?;
    Ok(Service {
        name,
        version: by.as_ref().map(|record| record.source.version.clone()),
        commit: by.and_then(|record| record.source.commit),
        since: row.since.filter(|_| row.served.is_some()),
        healthy: trouble.is_none(),
        trouble,
        route,
        enrolled,
        backed_up_at,
        copies,
        slots: slots(world, &row).await?,
        served: row.served,
    })
}

/// A route with the certificate that it shows, and how it stands with that.
async fn route(world: &World, key: &EnvironmentKey, route: Option<RouteSpec>) -> Result<(Option<RouteSpec>, Option<Enrolled>), Trouble> {
    let Some(RouteSpec { tls: Some(tls), .. }) = &route else { return Ok((route, None)) };
    let shown = enrol::resolved(world, key, tls).await?;
    let enrolled = match &tls.enrolment {
        Some(enrolment) => Some(world.enrolments.record(key, enrolment.digest()).await?.tell((**enrolment).clone())),
        None => None,
    };
    Ok((route.map(|route| RouteSpec { tls: Some(shown), ..route }), enrolled))
}

/// Why a component does not serve as it should.
async fn trouble(world: &World, key: &EnvironmentKey, name: &ComponentName, row: &ComponentRow) -> Option<String> {
    let Some(served) = &row.served else { return Some("nothing serves".into()) };
    let slot = match &served.target {
        Target::Slot { slot } => slot,
        Target::Site { .. } => return None,
        Target::Database { migrations, own, .. } => {
            let at = served.database()?;
            return database::trouble(world, key, name, &at, own.is_none().then_some(migrations)).await;
        }
    };
    match row.slots.iter().find(|row| row.slot == *slot) {
        Some(row) => well(world, row, &row.spec.health).await.err(),
        None => Some(format!("its slot {slot} is gone")),
    }
}

/// The answer to an order for a deployment that is over: repeating an order that was carried out is no error.
pub(crate) async fn closed(host: &Host, id: &DeploymentId, order: &Order) -> Result<Report, HostError> {
    let record = over(host, id).await?;
    let report = Report { stage: record.stage.clone(), leftovers: record.leftovers.clone() };
    match (record.outcome(), order) {
        (Outcome::Committed, Order::Decide | Order::Commit) | (Outcome::RolledBack, Order::RollBack { .. }) => Ok(report),
        _ => Err(misses(&record)),
    }
}

/// Why nothing can be done for a deployment that is over: what was rolled back meanwhile has lost its lease.
pub(crate) fn misses(record: &DeploymentRecord) -> HostError {
    match record.outcome() {
        Outcome::RolledBack => HostError::LeaseLost(record.id.clone()),
        _ => HostError::Unfit(format!("deployment {} is {}", record.id, record.stage)),
    }
}

/// What is on record of a deployment that nobody holds any more.
pub(crate) async fn over(host: &Host, id: &DeploymentId) -> Result<DeploymentRecord, HostError> {
    let stored = host.world.ledger.deployment(id).await.map_err(HostError::Internal)?;
    stored.map(|stored| stored.record).ok_or_else(|| HostError::NotFound(format!("deployment {id}")))
}

/// What a host is.
pub(crate) async fn facts(host: &Host) -> Result<Facts, Trouble> {
    Ok(Facts {
        version: env!("CARGO_PKG_VERSION").into(),
        build: host.about.build.clone(),
        platform: platform(),
        machine: machine(),
        pid: std::process::id(),
        started_at: host.about.started_at,
        proxy_pid: host.world.router.pid().await,
        proxy: program::proxy(host).await?,
        keepers: program::keepers(host).await?,
        cores: std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
        memory_bytes: memory_bytes(),
        disk_free_bytes: host.world.releases.disk_free_bytes(),
        folder: host.about.folder.display().to_string(),
        environments: host.world.ledger.environments().await?,
        busy: host.busy().await,
    })
}

/// Operating system and architecture, as releases are built for.
#[must_use]
pub fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Name of the machine.
pub(crate) fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn memory_bytes() -> u64 {
    let info = rustix::system::sysinfo();
    info.totalram as u64 * u64::from(info.mem_unit)
}
