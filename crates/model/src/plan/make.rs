//! Making a plan, and what a plan is.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::batches::batches;
use super::strategies::{self, Site};
use super::ways::{Way, Ways, stay, stopped, ways};
use super::{Change, Desired, DesiredComponent, DesiredKind, Observed, ObservedComponent, Phase, PlanError, Step, StepRef, Steps, judge, levels};
use crate::database::Applied;
use crate::manifest::project::StrategyName;
use crate::policy::Policy;
use crate::slot::Condition;
use crate::source::Source;
use crate::{BackupId, ComponentName, DeploymentId, Digest, EnvironmentKey, HostName, PlanHash, ReleaseId, StateHash};

/// Version of the plan's form. A host refuses a newer one.
pub const PLAN_VERSION: u32 = 8;

/// Version of a plan in which no database has its data put back.
const ONWARD_VERSION: u32 = 7;

/// Version of such a plan whose databases are migrated without tools of the project's own, and while they are used.
const TOOLLESS_VERSION: u32 = 6;

/// Version of a plan without databases.
const STATELESS_VERSION: u32 = 3;

/// Version of a plan in which every component goes to every host at once. A host that knows no other would keep for a rollback that it does.
const EVERYWHERE_VERSION: u32 = 2;

/// Version of such a plan without TLS. A host that knows no other must not carry out one with TLS: it would serve its routes in the open.
const PLAIN_VERSION: u32 = 1;

/// Ordered levels of steps for each host, with the state it expects to find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// See [`PLAN_VERSION`].
    pub version: u32,
    /// What it changes.
    pub key: EnvironmentKey,
    /// What it is for.
    pub intent: Intent,
    /// What the releases are made from.
    pub source: Source,
    /// The host that keeps the ledger.
    pub home: HostName,
    /// How long the lease lasts when it is not renewed, in milliseconds.
    pub lease_ms: u64,
    /// What is done, level by level.
    pub levels: Vec<Level>,
    /// Who may change it from then on, where something else stands on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The state that each host must be in.
    pub expects: BTreeMap<HostName, StateHash>,
    /// The state to reach, in full: a later rollback starts from it.
    pub desired: Desired,
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "intent", rename_all = "snake_case")]
pub enum Intent {
    /// Bring a source live.
    Deploy,
    /// Return to what an earlier deployment had made live.
    Rollback {
        /// That deployment.
        to: DeploymentId,
    },
    /// Bring databases to other migrations, and leave all else as it is.
    Migrate,
    /// Take the environment away.
    Down,
}

/// Components that need none of each other, each on all of its hosts or on those of one batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    /// What is to be done on each host.
    pub hosts: BTreeMap<HostName, Vec<Work>>,
}

/// What is to be done for one component on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Work {
    /// The component.
    pub component: ComponentName,
    /// Why.
    pub change: Change,
    /// The release that it shall have; none when it goes away.
    pub release: Option<ReleaseId>,
    /// What is done.
    pub steps: Steps,
}

/// How long a plan should take, from what earlier deployments took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Estimates {
    /// Sum over the levels, in milliseconds; none while a component has no history.
    pub total_ms: Option<u64>,
    /// Each component's median, in milliseconds.
    pub components_ms: BTreeMap<ComponentName, u64>,
}

/// What a plan is made under, beside the state to reach and the hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What it changes.
    pub key: EnvironmentKey,
    /// What it is for.
    pub intent: Intent,
    /// What the releases are made from.
    pub source: Source,
    /// The host that keeps the ledger.
    pub home: HostName,
    /// How long the lease lasts when it is not renewed, in milliseconds.
    pub lease_ms: u64,
    /// How many releases of each component are kept.
    pub keep_releases: u32,
    /// Backs databases up before their migrations are run, and keeps so many backups of each.
    pub keep_backups: Option<u32>,
    /// The backup whose data each of these databases begins with, and the migrations that it has. They have to be empty.
    pub restore: BTreeMap<ComponentName, (BackupId, Vec<Applied>)>,
    /// Backups of the state to reach: where no migration leads a database back to it, the data of one takes the place of what there is.
    pub put_back: BTreeMap<ComponentName, BackupId>,
    /// Who may change it from then on. It is no part of a state that one returns to.
    pub policy: Option<Policy>,
}

/// Makes the plan that leads from the hosts as they were seen to what is wanted.
///
/// # Errors
/// Says what makes it impossible; see [`PlanError`].
pub fn make(terms: Terms, mut desired: Desired, hosts: &BTreeMap<HostName, Observed>) -> Result<Plan, PlanError> {
    if !matches!(terms.intent, Intent::Rollback { .. }) {
        stay(&mut desired, hosts);
    }
    let ways = ways(&desired, hosts, &terms)?;
    let stopped = stopped(&desired, &ways);
    let (keep, keep_backups, restore) = (terms.keep_releases, terms.keep_backups, &terms.restore);
    let making = Making { hosts, keep, keep_backups, restore, ways: &ways, stopped: &stopped };
    let work: BTreeMap<&ComponentName, Vec<Batch<'_>>> = desired.components.iter().map(|(name, wanted)| (name, making.work(name, wanted))).collect();
    let depends_on: BTreeMap<_, _> = desired.components.iter().map(|(name, wanted)| (name.clone(), wanted.depends_on.clone())).collect();
    let order = levels::levels(&depends_on, |name| work[name].len())?;
    judge::judge(&desired, hosts)?;
    if matches!(terms.intent, Intent::Rollback { .. }) {
        judge_releases(&desired, hosts)?;
    }
    let mut levels: Vec<Level> = making.stops(&desired).into_iter().collect();
    levels.extend(order.iter().map(|turns| level(turns, &work, hosts)));
    levels.push(removals(&terms.intent, &desired, hosts));
    levels.retain(|level| level.hosts.values().any(|work| !work.is_empty()));
    let recorded = hosts.get(&terms.home).and_then(|home| home.policy.as_ref());
    let policy = terms.policy.clone().filter(|wanted| recorded.is_some_and(|recorded| recorded != wanted));
    let version = if ways.values().any(|way| way.put_back.is_some()) { PLAN_VERSION } else { version(&desired) };
    desired.policy = terms.policy;
    Ok(Plan {
        version,
        key: terms.key,
        intent: terms.intent,
        source: terms.source,
        home: terms.home,
        lease_ms: terms.lease_ms,
        levels,
        policy,
        expects: hosts.iter().map(|(host, seen)| (host.clone(), seen.state())).collect(),
        desired,
    })
}

impl Plan {
    /// Names the plan: covers all that it will do and the state it expects.
    #[must_use]
    pub fn hash(&self) -> PlanHash {
        PlanHash(Digest::of_value(self))
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty() && self.policy.is_none()
    }

    /// What is to be done on `host`, level by level. A level may have nothing for it.
    pub fn part<'a>(&'a self, host: &'a HostName) -> impl Iterator<Item = &'a [Work]> + 'a {
        self.levels.iter().map(move |level| level.hosts.get(host).map_or(&[][..], Vec::as_slice))
    }

    /// Each step for `host` with its place, in the order in which one at a time would do them.
    pub fn steps<'a>(&'a self, host: &'a HostName) -> impl Iterator<Item = (StepRef, &'a Step)> + 'a {
        let phases = [Phase::Prepare, Phase::Switch, Phase::Verify, Phase::Commit];
        self.part(host).enumerate().flat_map(move |(level, work)| {
            phases.into_iter().flat_map(move |phase| {
                work.iter().flat_map(move |work| {
                    work.steps.of(phase).iter().enumerate().map(move |(index, step)| {
                        let at = |n: usize| u32::try_from(n).expect("a plan has far fewer levels and steps than u32 holds");
                        (StepRef { level: at(level), phase, component: work.component.clone(), index: at(index) }, step)
                    })
                })
            })
        })
    }

    /// The components that get steps on any host, each with the weightiest of its reasons.
    #[must_use]
    pub fn changes(&self) -> BTreeMap<ComponentName, Change> {
        let mut changes = BTreeMap::new();
        for work in self.levels.iter().flat_map(|level| level.hosts.values()).flatten() {
            let change = changes.entry(work.component.clone()).or_insert(work.change);
            *change = work.change.min(*change);
        }
        changes
    }

    /// The hosts of each rolling component that changes, batch by batch.
    #[must_use]
    pub fn batches(&self) -> BTreeMap<ComponentName, Vec<Vec<HostName>>> {
        let rolling = self.desired.components.iter().filter(|(_, wanted)| wanted.rolling.is_some());
        let of = |name: &ComponentName| {
            let changed = |work: &Work| work.component == *name && work.change != Change::Leave && work.replaces();
            let on = |level: &Level| level.hosts.iter().filter(|(_, all)| all.iter().any(changed)).map(|(host, _)| host.clone()).collect::<Vec<_>>();
            self.levels.iter().map(on).filter(|hosts| !hosts.is_empty()).collect::<Vec<_>>()
        };
        rolling.map(|(name, _)| (name.clone(), of(name))).filter(|(_, batches)| !batches.is_empty()).collect()
    }

    /// The releases that hosts need and that no host of `hosts` may lack.
    #[must_use]
    pub fn lacking(&self, hosts: &BTreeMap<HostName, Observed>) -> BTreeMap<ComponentName, ReleaseId> {
        let mut lacking = BTreeMap::new();
        for (host, work) in self.levels.iter().flat_map(|level| &level.hosts) {
            let has = hosts.get(host).map(|seen| &seen.releases);
            for work in work {
                if let Some(release) = work.release.filter(|release| !has.is_some_and(|has| has.contains(release))) {
                    lacking.insert(work.component.clone(), release);
                }
            }
        }
        lacking
    }

    /// How long it should take, from what was measured on the hosts.
    #[must_use]
    pub fn estimates(&self, hosts: &BTreeMap<HostName, Observed>) -> Estimates {
        let slowest = |name: &ComponentName| hosts.values().filter_map(|seen| seen.durations_ms.get(name)).max().copied();
        let level_ms = |level: &Level| {
            level
                .hosts
                .values()
                .flatten()
                .filter(|work| work.replaces())
                .map(|work| slowest(&work.component))
                .try_fold(0, |most, ms| Some(most.max(ms?)))
        };
        Estimates {
            total_ms: self.levels.iter().map(level_ms).try_fold(0, |sum: u64, ms| Some(sum + ms?)),
            components_ms: self.changes().keys().filter_map(|name| Some((name.clone(), slowest(name)?))).collect(),
        }
    }
}

fn version(desired: &Desired) -> u32 {
    let any = |has: fn(&DesiredComponent) -> bool| desired.components.values().any(has);
    match () {
        () if any(|wanted| wanted.tool().is_some() || wanted.kind.database().is_some_and(|spec| spec.exclusive)) => ONWARD_VERSION,
        () if any(|wanted| wanted.kind.database().is_some()) => TOOLLESS_VERSION,
        () if any(|wanted| wanted.hosts.is_some() || wanted.rolling.is_some()) => STATELESS_VERSION,
        () if any(|wanted| wanted.route.as_ref().is_some_and(|route| route.tls.is_some())) => EVERYWHERE_VERSION,
        () => PLAIN_VERSION,
    }
}

fn judge_releases(desired: &Desired, hosts: &BTreeMap<HostName, Observed>) -> Result<(), PlanError> {
    for (host, seen) in hosts {
        if let Some((component, wanted)) = desired.on(host).find(|(_, wanted)| !seen.releases.contains(&wanted.release)) {
            return Err(PlanError::ReleaseGone { host: host.clone(), component: component.clone(), release: wanted.release });
        }
    }
    Ok(())
}

/// What is to be done for a component on the hosts of one batch.
type Batch<'a> = Vec<(&'a HostName, Work)>;

/// What the work of a component is made from.
struct Making<'a> {
    hosts: &'a BTreeMap<HostName, Observed>,
    /// How many releases are kept.
    keep: u32,
    keep_backups: Option<u32>,
    restore: &'a BTreeMap<ComponentName, (BackupId, Vec<Applied>)>,
    ways: &'a Ways<'a>,
    /// Those that are stopped before anything else.
    stopped: &'a BTreeSet<&'a ComponentName>,
}

impl<'a> Making<'a> {
    /// What is to be done for a component on each of its hosts that differs from what is wanted, batch by batch.
    fn work(&self, name: &ComponentName, wanted: &DesiredComponent) -> Vec<Batch<'a>> {
        let nothing = ObservedComponent::default();
        let (none, way) = (Way::default(), self.ways.get(name));
        let way = way.unwrap_or(&none);
        let own = || self.hosts.iter().filter(|(host, _)| wanted.is_for(host));
        let changing = own().filter_map(|(host, seen)| {
            let seen = seen.components.get(name).unwrap_or(&nothing);
            let change = match Change::between(wanted, seen) {
                Change::None if !way.is_empty() => Change::Schema,
                Change::None if self.stopped.contains(name) && seen.served.is_some() => Change::Restart,
                change => change,
            };
            let site = self.site(name, wanted, seen);
            let steps = || steps(&site, way);
            (change != Change::None).then(|| (host, Work { component: name.clone(), change, release: Some(wanted.release), steps: steps() }))
        });
        batches(changing.collect(), wanted.rolling, own().count())
    }

    fn site<'b>(&'b self, component: &'b ComponentName, wanted: &'b DesiredComponent, seen: &'b ObservedComponent) -> Site<'b> {
        let restore = self.restore.get(component).map(|(backup, _)| backup);
        let put_back = self.ways.get(component).and_then(|way| way.put_back.as_ref());
        let stopped = self.stopped.contains(component);
        Site { component, wanted, seen, keep: self.keep, keep_backups: self.keep_backups, restore, put_back, stopped }
    }

    /// Stops what may write, where nothing may; what goes away anyway may as well. Their releases are there before, so that the gap is a short one.
    fn stops(&self, desired: &Desired) -> Option<Level> {
        if self.stopped.is_empty() {
            return None;
        }
        let stop = |name: &ComponentName, seen: &ObservedComponent| -> Option<Work> {
            let wanted = desired.components.get(name);
            let slots = seen.slots.iter().filter(|slot| slot.condition != Condition::Stopped);
            let (drain_ms, prepare, change) = match wanted.map(|wanted| (&wanted.kind, wanted)) {
                Some((DesiredKind::Process(spec), wanted)) if self.stopped.contains(name) => {
                    let change = match Change::between(wanted, seen) {
                        Change::None => Change::Restart,
                        change => change,
                    };
                    (spec.drain_timeout_ms, self.site(name, wanted, seen).stage().into_iter().collect(), change)
                }
                None => (strategies::DRAIN_MS, Vec::new(), Change::Remove),
                Some(_) => return None,
            };
            let switch: Vec<Step> = slots.map(|slot| Step::StopSlot { slot: slot.slot.clone(), drain_ms }).collect();
            let release = wanted.map(|wanted| wanted.release);
            (!switch.is_empty()).then(|| Work { component: name.clone(), change, release, steps: Steps { prepare, switch, ..Steps::default() } })
        };
        let on = |seen: &Observed| seen.components.iter().filter_map(|(name, seen)| stop(name, seen)).collect();
        Some(Level { hosts: self.hosts.iter().map(|(host, seen)| (host.clone(), on(seen))).collect() })
    }
}

impl Work {
    /// Whether it puts something in the place of what serves, rather than making room for that.
    fn replaces(&self) -> bool {
        self.steps.switch.iter().any(|step| matches!(step, Step::Switch { .. }))
    }
}

fn level(turns: &levels::Turns, work: &BTreeMap<&ComponentName, Vec<Batch<'_>>>, hosts: &BTreeMap<HostName, Observed>) -> Level {
    let mut level: BTreeMap<HostName, Vec<Work>> = hosts.keys().map(|host| (host.clone(), Vec::new())).collect();
    for (host, work) in turns.iter().filter_map(|(name, batch)| work[name].get(*batch)).flatten() {
        level.entry((*host).clone()).or_default().push(work.clone());
    }
    Level { hosts: level }
}

fn steps(site: &Site<'_>, way: &Way) -> Steps {
    let mut steps = replacing(site, way);
    // First: an authority that refuses is the earliest reason to stop.
    steps.prepare.splice(..0, site.enrol());
    steps
}

fn replacing(site: &Site<'_>, way: &Way) -> Steps {
    match (&site.wanted.kind, site.wanted.strategy) {
        (DesiredKind::Database(spec), _) => strategies::database::steps(site, spec, &way.moves, way.run.as_ref()),
        (DesiredKind::Site { root }, _) => strategies::site::steps(site, root),
        (DesiredKind::Process(spec), StrategyName::BlueGreen) => strategies::blue_green::steps(site, spec),
        (DesiredKind::Process(spec), StrategyName::Recreate) => strategies::recreate::steps(site, spec),
    }
}

/// What is no longer wanted, or not on this host, goes last, when all that might still call it has been replaced. Its releases stay for a
/// rollback, unless all of the environment goes.
fn removals(intent: &Intent, desired: &Desired, hosts: &BTreeMap<HostName, Observed>) -> Level {
    let all = *intent == Intent::Down;
    let change = |name: &ComponentName| if desired.components.contains_key(name) { Change::Leave } else { Change::Remove };
    let work = |host: &HostName, seen: &Observed| {
        let stays = |name: &ComponentName| desired.components.get(name).is_some_and(|wanted| wanted.is_for(host));
        let gone = seen.components.iter().filter(|(name, seen)| !stays(name) && is_there(seen, all));
        let steps = |seen| strategies::remove::steps(seen, all);
        gone.map(|(name, seen)| Work { component: name.clone(), change: change(name), release: None, steps: steps(seen) }).collect()
    };
    Level { hosts: hosts.iter().map(|(host, seen)| (host.clone(), work(host, seen))).collect() }
}

fn is_there(seen: &ObservedComponent, with_releases: bool) -> bool {
    seen.served.is_some() || !seen.slots.is_empty() || (with_releases && !seen.staged.is_empty())
}

/// The releases in `seen` that may be deleted once `wanted` is live: staged, beyond the newest `keep`, and needed by nothing.
pub(super) fn prunable(seen: &ObservedComponent, wanted: ReleaseId, keep: u32) -> Vec<ReleaseId> {
    let mut kept: BTreeSet<ReleaseId> = seen.served.iter().map(|served| served.release).chain([wanted]).collect();
    let mut prunable = Vec::new();
    for release in &seen.staged {
        if kept.contains(release) || seen.needed.contains(release) || kept.len() < keep as usize {
            kept.insert(*release);
        } else {
            prunable.push(*release);
        }
    }
    prunable
}
