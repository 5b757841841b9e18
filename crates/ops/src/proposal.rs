//! The plan that would bring a source live now: what `plan` shows and `deploy` carries out.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::{Certificates, Look, SecretDigests, SecretValues};
use plimsoll_build::name::Contents;
use plimsoll_build::{Sources, Wanted, source};
use plimsoll_engine::Fleet;
use plimsoll_model::agents::Agents;
use plimsoll_model::audit::Action;
use plimsoll_model::database::Applied;
use plimsoll_model::finding::Finding;
use plimsoll_model::manifest::Known;
use plimsoll_model::manifest::project::Project;
use plimsoll_model::plan::{self, Desired, Intent, Observed, Plan, Terms};
use plimsoll_model::route::RouteSpec;
use plimsoll_model::source::Source;
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey, HostName, Policy};

use crate::migrations::Migrations;
use crate::project::Loaded;
use crate::secrets::Gathered;
use crate::workbench::Workbench;
use crate::{Context, OpError, PlanView, Progress, agents, certificates, hosts, migrations, project, secrets, settle};

/// A plan, and what it was made from.
pub(crate) struct Proposal {
    /// The plan.
    pub(crate) plan: Plan,
    /// The hosts, as they were seen.
    pub(crate) seen: BTreeMap<HostName, Observed>,
    /// What of it would hurt.
    pub(crate) findings: Vec<Finding>,
    /// Who may carry it out.
    pub(crate) policy: Policy,
}

/// All that a plan to deploy was made from and its execution needs again.
pub(crate) struct Groundwork {
    /// The hosts.
    pub(crate) fleet: Fleet,
    /// What releases are built from.
    pub(crate) material: Material,
    /// The values of its secrets, and where they come from.
    pub(crate) secrets: Gathered,
    /// The certificates that routes show.
    pub(crate) certificates: Certificates,
}

/// What releases are built from.
pub(crate) struct Material {
    /// The files. While this lives, no other run changes them.
    pub(crate) sources: Sources,
    /// What is to be built for.
    pub(crate) platform: String,
}

/// What to do with a deployment that was cut off and that stands in the way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CutOff {
    /// Settle it first.
    Settle,
    /// Leave it: who only looks changes nothing.
    Leave,
    /// Leave it, as what comes of it is only imagined.
    Imagine,
}

impl Proposal {
    /// The plan as it is shown.
    pub(crate) fn view(&self) -> PlanView {
        PlanView { findings: self.findings.clone(), approval: self.policy.approval.clone(), ..PlanView::of(&self.plan, &self.seen) }
    }
}

/// What `wanted` means: the state that it would lead to, and all that its execution needs.
pub(crate) struct Prepared {
    /// All that its execution needs.
    pub(crate) groundwork: Groundwork,
    /// The state.
    pub(crate) desired: Desired,
    /// The migrations of its databases.
    pub(crate) migrations: Migrations,
    /// The backups whose data databases begin with, each with the migrations that it has.
    pub(crate) restore: BTreeMap<ComponentName, (BackupId, Vec<Applied>)>,
}

/// Finds out what `wanted` means.
pub(crate) async fn prepare(context: &Context, loaded: &Loaded, wanted: &Wanted, progress: &Progress) -> Result<Prepared, OpError> {
    let secrets = secrets::gather(context, loaded, progress).await?;
    let shown = certificates::gather(context, loaded, &secrets.keys, hosts::now())?;
    shown.tell(progress);
    let bench = Workbench::new(context, &loaded.project, &secrets.values, progress).hiding(&secrets.values, &shown.certificates);
    let reached = async { hosts::connect(context, &loaded.project).await };
    // Reading files and reaching hosts take time, and need nothing of each other.
    let (fleet, (sources, contents)) = tokio::try_join!(reached, read(&bench, loaded, wanted))?;
    let platform = fleet.home().facts().await?.platform;
    let releases = contents.names(&loaded.project, &platform);
    let migrations = Migrations::read(&loaded.project, sources.root())?;
    let digests = digest(&fleet, &loaded.key(), &secrets.values).await?;
    let files = Migrations::of_tools(&loaded.project, &contents)?;
    let (certificates, roots) = (shown.known, shown.roots);
    let desired = loaded.project.desired(&Known { releases, migrations: migrations.wanted(), files, secrets: digests, certificates, roots });
    let groundwork = Groundwork { fleet, material: Material { sources, platform }, secrets, certificates: shown.certificates };
    Ok(Prepared { groundwork, desired, migrations, restore: BTreeMap::new() })
}

/// Finds out what `wanted` means and what hosts have, and makes the plan that leads from there to here.
pub(crate) async fn to_deploy(
    context: &Context,
    loaded: &Loaded,
    wanted: &Wanted,
    cut_off: CutOff,
    progress: &Progress,
) -> Result<(Groundwork, Proposal), OpError> {
    let prepared = prepare(context, loaded, wanted, progress).await?;
    prepared.lead(context, loaded, Intent::Deploy, cut_off, progress).await
}

impl Prepared {
    /// Makes the plan that leads there from what hosts have.
    pub(crate) async fn lead(
        self,
        context: &Context,
        loaded: &Loaded,
        intent: Intent,
        cut_off: CutOff,
        progress: &Progress,
    ) -> Result<(Groundwork, Proposal), OpError> {
        let Self { groundwork, desired, migrations, restore } = self;
        let terms = Terms { restore, ..terms(loaded, &groundwork.fleet, intent, groundwork.material.sources.source().clone()) };
        let aim = Aim { desired, secrets: Some(&groundwork.secrets.values) };
        let mut proposal = make(context, &groundwork.fleet, terms, aim, cut_off, progress).await?;
        proposal.findings = migrations.judge(&proposal.seen);
        proposal.findings.extend(migrations::unjudged(&proposal.plan, loaded.project.environment.safe_migrations));
        migrations::tell(&proposal.findings, progress);
        Ok((groundwork, proposal))
    }

    /// What hosts have, their databases included.
    pub(crate) async fn observe(&self, key: &EnvironmentKey) -> Result<BTreeMap<HostName, Observed>, OpError> {
        let look = look(key, &self.desired);
        Ok(self.groundwork.fleet.observe(|host| look.with_databases(&self.desired, host, &self.groundwork.secrets.values)).await?)
    }
}

/// What a plan is to lead to.
pub(crate) struct Aim<'a> {
    /// The state to reach.
    pub(crate) desired: Desired,
    /// The values of its secrets, as far as hosts do not have them.
    pub(crate) secrets: Option<&'a SecretValues>,
}

impl Aim<'_> {
    /// A state that hosts were in before.
    pub(crate) fn known(desired: Desired) -> Self {
        Self { desired, secrets: None }
    }
}

/// Makes the plan that leads there.
pub(crate) async fn make(
    context: &Context,
    fleet: &Fleet,
    terms: Terms,
    aim: Aim<'_>,
    cut_off: CutOff,
    progress: &Progress,
) -> Result<Proposal, OpError> {
    let (look, nothing) = (look(&terms.key, &aim.desired), SecretValues::default());
    let look = |host: &HostName| look.with_databases(&aim.desired, host, aim.secrets.unwrap_or(&nothing));
    let seen = match cut_off {
        CutOff::Settle => settle::observe(context, fleet, (&terms.key, &look), Action::of(&terms.intent), progress).await?,
        CutOff::Leave => fleet.observe(&look).await?,
        CutOff::Imagine => fleet.observe(|host| Look { step_times: true, ..look(host) }).await?,
    };
    let policy = Policy::in_force(seen.get(&terms.home).and_then(|home| home.policy.as_ref()), terms.policy.as_ref());
    agents::judge(context, policy.agents, Agents::Plan, &terms.key)?;
    let plan = plan::make(terms, aim.desired, &seen)?;
    Ok(Proposal { plan, seen, findings: Vec::new(), policy })
}

/// What a plan for the project's environment is made under.
pub(crate) fn terms(loaded: &Loaded, fleet: &Fleet, intent: Intent, source: Source) -> Terms {
    let environment = &loaded.project.environment;
    let backups = &environment.backups;
    Terms {
        key: loaded.key(),
        intent,
        source,
        home: fleet.home.clone(),
        lease_ms: environment.lease_ms,
        keep_releases: environment.keep_releases,
        keep_backups: backups.before_migrations.then_some(backups.keep),
        restore: BTreeMap::new(),
        put_back: BTreeMap::new(),
        policy: Some(environment.policy.clone()),
    }
}

/// Makes the files of the source available, and reads what its components are made from.
async fn read(bench: &Workbench<'_>, loaded: &Loaded, wanted: &Wanted) -> Result<(Sources, Contents), OpError> {
    let sources = open(bench, wanted).await?;
    // What a commit lacks is told by its checkout: there the manifest's lines would mislead.
    if sources.root() == bench.context.project {
        project::judge_files(loaded, sources.root())?;
    }
    let contents = Contents::read(&sources, &loaded.project).await?;
    Ok((sources, contents))
}

/// Chooses the source and makes its files available.
async fn open(bench: &Workbench<'_>, wanted: &Wanted) -> Result<Sources, OpError> {
    let (folder, Project { environment, version, .. }) = (&bench.context.project, bench.project);
    let chosen = source::resolve(folder, wanted, environment, version.as_deref()).await?;
    Ok(Sources::open(folder, &chosen, &bench.cache, &|event| bench.told(event)).await?)
}

async fn digest(fleet: &Fleet, key: &EnvironmentKey, secrets: &SecretValues) -> Result<SecretDigests, OpError> {
    if secrets.is_empty() { Ok(SecretDigests::new()) } else { Ok(fleet.home().digest_secrets(key, secrets.clone()).await?) }
}

fn look(key: &EnvironmentKey, desired: &Desired) -> Look {
    let wanted = desired.components.values();
    let ports: BTreeSet<u16> = wanted.clone().filter_map(|wanted| wanted.route.as_ref()).flat_map(RouteSpec::ports).collect();
    Look { releases: wanted.map(|wanted| wanted.release).collect(), ports, ..Look::at(key.clone()) }
}
