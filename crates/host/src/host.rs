//! HostApi, carried out on this machine or in a simulated world.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use plimsoll_api::{
    ApprovalQuery, AuditPage, AuditQuery, BackupQuery, CopyAnswer, CopyQuery, Enrolled, Events, Facts, HostApi, HostError, LogLine, LogQuery, Look,
    Open, Opened, Order, Report, SchemaQuery, SecretDigests, SecretValues, Service, Upgraded,
};
use plimsoll_model::approval::{Approval, Asked};
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::Compared;
use plimsoll_model::deployment::{DeploymentRecord, Failure, Stage, recallable};
use plimsoll_model::plan::{Observed, PLAN_VERSION};
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, ConfigHash, DeploymentId, Digest, EnvironmentKey, HostName};
use tokio::sync::{Mutex, MutexGuard, mpsc};

use crate::execute::{Deployment, Table, carry_out, settle, watch_lease};
use crate::ledger::Stored;
use crate::trouble::Trouble;
use crate::world::World;
use crate::{approve, audit, certificates, database, enrol, look, restore, upgrade};

/// For how many deployments the values of secrets are kept for a rollback.
const SECRETS_KEPT: usize = 20;

/// How far back these are looked for: those that failed are passed over.
const HISTORY: u32 = 200;

/// A host.
pub struct Host {
    pub(crate) world: World,
    pub(crate) about: About,
    pub(crate) table: Arc<Table>,
    /// Deployments that are not settled, one for an environment at most.
    open: Mutex<BTreeMap<EnvironmentKey, Arc<Deployment>>>,
    /// Held while a deployment begins, so that of two that begin at once the second finds the first, and the values that it brings are not
    /// swept before it is on record.
    opening: Mutex<()>,
    /// Everything is being ended: nothing is brought back any more.
    ending: AtomicBool,
}

/// What a host knows of itself without looking.
#[derive(Debug, Clone)]
pub struct About {
    /// Tells one build of the daemon from another.
    pub build: String,
    /// The folder that holds all of its state.
    pub folder: PathBuf,
    /// When the daemon started.
    pub started_at: Moment,
    /// What the audit log calls it where it acts alone.
    pub actor: Actor,
}

impl Host {
    /// Takes up the work: brings the world to what the ledger says, and settles what was cut off.
    ///
    /// # Errors
    /// When the ledger cannot be read, or says what cannot be.
    pub async fn start(world: World, about: About) -> Result<Arc<Self>, Trouble> {
        let host =
            Arc::new(Self { world, about, table: Arc::default(), open: Mutex::default(), opening: Mutex::default(), ending: AtomicBool::default() });
        audit::begin(&host).await?;
        let missing = restore::all(&host.world, &host.table).await;
        for stored in host.world.ledger.unsettled().await? {
            let deployment = host.hold(stored).await?;
            settle(&deployment, &host.table).await;
            host.after(&deployment).await;
        }
        tokio::spawn(restore::watch(Arc::downgrade(&host), host.world.clone(), missing));
        tokio::spawn(enrol::watch(Arc::downgrade(&host), host.world.clone()));
        tokio::spawn(database::schedule::watch(Arc::downgrade(&host), host.world.clone()));
        Ok(host)
    }

    /// Keeps deployments from beginning, and names the environments in which one is under way; nothing when all is being ended.
    pub(crate) async fn idle(&self) -> Option<(MutexGuard<'_, ()>, BTreeSet<EnvironmentKey>)> {
        let opening = self.opening.lock().await;
        let busy = self.open.lock().await.keys().cloned().collect();
        (!self.ending.load(Ordering::Relaxed)).then_some((opening, busy))
    }

    /// Takes a deployment into the host's hands, with an eye on its lease.
    async fn hold(self: &Arc<Self>, stored: Stored) -> Result<Arc<Deployment>, Trouble> {
        let damaged = |error| Trouble::new("ledger-damaged", format!("the journal of deployment {} cannot be: {error}", stored.record.id));
        let deployment = Arc::new(Deployment::pick_up(stored.clone(), self.world.clone(), self.about.actor.clone()).map_err(damaged)?);
        self.open.lock().await.insert(deployment.key().clone(), deployment.clone());
        let (host, watched) = (self.clone(), deployment.clone());
        tokio::spawn(async move {
            watch_lease(watched.clone(), host.table.clone()).await;
            host.after(&watched).await;
        });
        Ok(deployment)
    }

    /// Lets go of a deployment that is over, and of the secrets that nothing needs any more.
    async fn after(&self, deployment: &Arc<Deployment>) {
        if !matches!(deployment.stage().await, Stage::Closed { .. }) {
            return;
        }
        let mut open = self.open.lock().await;
        if !open.get(deployment.key()).is_some_and(|held| Arc::ptr_eq(held, deployment)) {
            return;
        }
        open.remove(deployment.key());
        drop(open);
        // A backup may have waited for it.
        self.table.scheduled.notify_one();
        if let Err(trouble) = self.sweep_secrets(deployment.key(), &deployment.stored.host).await {
            tracing::warn!(key = %deployment.key(), %trouble, "secrets that nothing needs could not be deleted");
        }
    }

    async fn sweep_secrets(&self, key: &EnvironmentKey, host: &HostName) -> Result<(), Trouble> {
        let _opening = self.opening.lock().await;
        let (mut needed, mut shown) = (BTreeSet::<(ComponentName, ConfigHash)>::new(), BTreeSet::<Digest>::new());
        for (component, row) in self.world.ledger.components(key).await? {
            let served = row.served.as_ref();
            needed
                .extend(row.slots.iter().map(|slot| slot.config).chain(served.map(|served| served.config)).map(|config| (component.clone(), config)));
            shown.extend(served.and_then(|served| Some(served.route.as_ref()?.tls.as_ref()?.certificate)));
        }
        let history = self.world.ledger.history(key, HISTORY).await?;
        // What failed last is kept as well: the next try needs what is known of its certificates.
        for record in history.iter().take(SECRETS_KEPT).chain(recallable(&history, SECRETS_KEPT)) {
            needed.extend(record.desired.configured(host).map(|(name, config)| (name.clone(), config)));
            shown.extend(certificates::of(&record.desired, host).map(|tls| tls.certificate));
        }
        let _keeping = self.table.keeping.lock().await;
        self.world.enrolments.sweep(key, &shown).await?;
        for named in shown.clone() {
            shown.insert(enrol::shown(&self.world, key, named).await?);
        }
        shown.extend(self.table.shown(key).await);
        self.world.certificates.sweep(key, &shown).await?;
        self.world.secrets.sweep(key, &needed).await
    }

    pub(crate) async fn opened(&self, key: &EnvironmentKey) -> Option<Arc<Deployment>> {
        self.open.lock().await.get(key).cloned()
    }

    /// The environment of a deployment that is under way, which is all that can be given orders.
    pub(crate) async fn environment_of(&self, id: &DeploymentId) -> Option<EnvironmentKey> {
        self.find(id).await.map(|deployment| deployment.key().clone())
    }

    async fn find(&self, id: &DeploymentId) -> Option<Arc<Deployment>> {
        self.open.lock().await.values().find(|held| held.id() == id).cloned()
    }

    /// Whether a deployment with a living lease is under way.
    pub(crate) async fn busy(&self) -> bool {
        self.open.lock().await.values().any(|deployment| !deployment.expired())
    }

    async fn judge_open(&self, open: &Open) -> Result<Option<Approval>, HostError> {
        let key = &open.plan.key;
        if open.plan.version > PLAN_VERSION {
            let failure = Failure::new("plan-newer", format!("the plan has form {}, this host reads up to {PLAN_VERSION}", open.plan.version));
            return Err(HostError::Refused(failure.with_help("upgrade the host")));
        }
        if let Some(held) = self.opened(key).await {
            let expires_in_ms = held.lease_left_ms();
            return Err(HostError::LeaseHeld { id: held.id().clone(), holder: held.stored.record.holder.clone(), expires_in_ms });
        }
        look::judge_agents(&self.world, key, &open.holder.surface, open.plan.desired.policy.as_ref()).await?;
        let databases = open.plan.desired.databases(&open.host).map(|(name, at)| (name.clone(), at)).collect();
        let databases = database::applied(&self.world, key, &databases, &open.secrets).await?;
        let state = look::state(self, key, databases).await.map_err(HostError::Internal)?;
        match open.plan.expects.get(&open.host) {
            Some(expected) if *expected == state => approve::judge_open(self, open).await,
            Some(_) => Err(HostError::Stale(open.host.clone())),
            None => Err(HostError::Unfit(format!("the plan says nothing of {}", open.host))),
        }
    }

    /// Keeps the values that the plan's slots get, under the configuration that they belong to.
    async fn keep_secrets(&self, open: &Open) -> Result<(), Trouble> {
        for (component, values) in &open.secrets.0 {
            if let Some(wanted) = open.plan.desired.components.get(component).filter(|wanted| wanted.is_for(&open.host)) {
                self.world.secrets.keep(&open.plan.key, component, &wanted.config(), values).await?;
                if let Some(tool) = wanted.tool() {
                    let of_tool = |name: &&String| tool.secrets.contains(*name);
                    let values = values.iter().filter(|(name, _)| of_tool(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
                    self.world.secrets.keep(&open.plan.key, &tool.component, &wanted.config(), &values).await?;
                }
            }
        }
        Ok(())
    }

    /// When a deployment begins. Clocks are set back at times; names must sort as deployments follow each other all the same.
    async fn beginning(&self, key: &EnvironmentKey) -> Result<Moment, Trouble> {
        let now = self.world.clock.now();
        let before = self.world.ledger.history(key, 1).await?;
        Ok(before.first().map_or(now, |before| now.max(before.started_at.plus(1))))
    }

    fn record(&self, open: &Open, approval: Option<Approval>, at: Moment) -> Stored {
        let plan = open.plan.hash();
        let record = DeploymentRecord {
            id: open.id.clone().unwrap_or_else(|| DeploymentId::stamped(at, &plan.0)),
            key: open.plan.key.clone(),
            plan,
            intent: open.plan.intent.clone(),
            source: open.plan.source.clone(),
            holder: open.holder.clone(),
            reason: open.reason.clone(),
            idempotency_key: open.idempotency_key.clone(),
            approval: approval.map(Box::new),
            started_at: at,
            ended_at: None,
            stage: Stage::Running,
            failure: None,
            components: open.components.clone(),
            leftovers: Vec::new(),
            desired: open.plan.desired.clone(),
        };
        Stored {
            record,
            plan: open.plan.clone(),
            host: open.host.clone(),
            lease_until: self.world.clock.now().plus(open.plan.lease_ms),
            journal: Vec::new(),
        }
    }

    /// The answer to a request that came before, however the deployment ended: coming twice, it begins nothing anew.
    async fn begun(&self, open: &Open) -> Result<Option<Opened>, HostError> {
        let Some(id) = &open.id else { return Ok(None) };
        let Some(stored) = self.world.ledger.deployment(id).await.map_err(HostError::Internal)? else { return Ok(None) };
        if (&stored.record.key, stored.record.plan, &stored.host) != (&open.plan.key, open.plan.hash(), &open.host) {
            let failure = Failure::new("deployment-taken", format!("there already is another deployment {id}"));
            return Err(HostError::Refused(failure.with_help("begin it again under a new name")));
        }
        Ok(Some(Opened { id: id.clone(), stage: stored.record.stage }))
    }

    async fn begin(self: Arc<Self>, open: Open) -> Result<Opened, HostError> {
        let _opening = self.opening.lock().await;
        if let Some(opened) = self.begun(&open).await? {
            return Ok(opened);
        }
        let approval = match self.judge_open(&open).await {
            Ok(approval) => approval,
            Err(error) => return Err(audit::refused(&self, &open, error).await),
        };
        if let Err(trouble) = certificates::take(&*self.world.certificates, &open, self.world.clock.now()).await {
            return Err(audit::refused(&self, &open, HostError::Refused(trouble)).await);
        }
        self.keep_secrets(&open).await.map_err(HostError::Internal)?;
        let at = self.beginning(&open.plan.key).await.map_err(HostError::Internal)?;
        let stored = self.record(&open, approval, at);
        plimsoll_crashpoint::reach!("host: before opened");
        if let Err(trouble) = self.world.ledger.begin(&stored).await {
            return Err(audit::refused(&self, &open, HostError::Refused(trouble)).await);
        }
        plimsoll_crashpoint::reach!("host: after opened");
        let deployment = self.hold(stored).await.map_err(HostError::Internal)?;
        Ok(Opened { id: deployment.id().clone(), stage: deployment.stage().await })
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> HostError {
    let message = format!("cannot read {}, which is to be uploaded: {error}", path.display());
    HostError::Failed(Failure::new("file-unreadable", message).with_help("build again, and let nothing else write into the build's output"))
}

/// A host in the hands of who asks it: clones share it.
#[derive(Clone)]
pub struct Handle(pub Arc<Host>);

#[async_trait]
impl HostApi for Handle {
    async fn facts(&self) -> Result<Facts, HostError> {
        look::facts(&self.0).await.map_err(HostError::Internal)
    }

    async fn observe(&self, wanted: Look) -> Result<Observed, HostError> {
        let databases = database::applied(&self.0.world, &wanted.key, &wanted.databases, &wanted.secrets).await?;
        Ok(Observed { databases, ..look::observe(&self.0, &wanted).await.map_err(HostError::Internal)? })
    }

    async fn digest_secrets(&self, key: &EnvironmentKey, values: SecretValues) -> Result<SecretDigests, HostError> {
        let salt = self.0.world.ledger.secret_key(key).await.map_err(HostError::Internal)?;
        let digest = |name: &str, value: &str| Digest::keyed(&salt, format!("{name}\0{value}").as_bytes());
        let component = |values: &BTreeMap<String, _>| {
            values.iter().map(|(name, value): (_, &plimsoll_model::Secret<String>)| (name.clone(), digest(name, value.expose()))).collect()
        };
        Ok(values.0.iter().map(|(name, values)| (name.clone(), component(values))).collect())
    }

    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, HostError> {
        self.0.world.releases.offer(release).await.map_err(HostError::Refused)
    }

    async fn upload(&self, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
        for (digest, path) in files {
            let unreadable = |error: std::io::Error| unreadable(&path, &error);
            let mut file = tokio::fs::File::open(&path).await.map_err(unreadable)?;
            let size = file.metadata().await.map_err(unreadable)?.len();
            self.0.world.releases.take(digest, size, &mut file).await.map_err(HostError::Refused)?;
        }
        Ok(())
    }

    async fn open(&self, open: Open) -> Result<Opened, HostError> {
        // Who asked may be gone before it has begun: then it is to be held and watched all the same.
        let begun = tokio::spawn(self.0.clone().begin(open)).await;
        begun.unwrap_or_else(|error| Err(HostError::Internal(Failure::new("bug", format!("beginning a deployment broke off: {error}")))))
    }

    async fn renew(&self, id: &DeploymentId) -> Result<(), HostError> {
        let Some(deployment) = self.0.find(id).await else { return Err(look::misses(&look::over(&self.0, id).await?)) };
        let expired = deployment.expired();
        if !expired {
            // First: a slow disk, which the journal may be waiting for, must not cost a living operator its lease. What the ledger
            // says counts after a restart only.
            deployment.renewed();
        }
        match deployment.stage().await {
            Stage::Running if !expired => {}
            Stage::Sealed | Stage::Committing => {}
            _ => return Err(HostError::LeaseLost(id.clone())),
        }
        let until = deployment.renewed();
        plimsoll_crashpoint::reach!("host: before renewed");
        self.0.world.ledger.renew(id, until).await.map_err(HostError::Internal)?;
        plimsoll_crashpoint::reach!("host: after renewed");
        Ok(())
    }

    async fn order(&self, id: &DeploymentId, order: Order, events: Events) -> Result<Report, HostError> {
        let Some(deployment) = self.0.find(id).await else { return look::closed(&self.0, id, &order).await };
        let done = carry_out(&deployment, &self.0.table, order, &events).await;
        self.0.after(&deployment).await;
        done
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, HostError> {
        self.0.world.ledger.history(key, limit).await.map_err(HostError::Internal)
    }

    async fn services(&self, key: &EnvironmentKey) -> Result<Vec<Service>, HostError> {
        look::services(&self.0, key).await.map_err(HostError::Internal)
    }

    async fn renew_certificates(&self, key: &EnvironmentKey, force: bool, by: &Actor) -> Result<Vec<Enrolled>, HostError> {
        // Who asked may be gone before the authority has answered: what it issues is to be kept all the same.
        let (host, key, by) = (self.0.clone(), key.clone(), by.clone());
        let renewed = tokio::spawn(async move { enrol::on_demand(&host, &key, force, &by).await }).await;
        let renewed = renewed.unwrap_or_else(|error| Err(Failure::new("bug", format!("renewing certificates broke off: {error}"))));
        renewed.map_err(HostError::Failed)
    }

    async fn backups(&self, query: BackupQuery) -> Result<Vec<Backup>, HostError> {
        // Who asked may be gone before a backup is verified: what was begun is to count all the same.
        let host = self.0.clone();
        let done = tokio::spawn(async move { database::backups::carry_out(&host, query).await }).await;
        done.unwrap_or_else(|error| Err(HostError::Internal(Failure::new("bug", format!("work on backups broke off: {error}")))))
    }

    async fn copies(&self, query: CopyQuery) -> Result<CopyAnswer, HostError> {
        let host = self.0.clone();
        let done = tokio::spawn(async move { database::copies::carry_out(&host, query).await }).await;
        done.unwrap_or_else(|error| Err(HostError::Internal(Failure::new("bug", format!("work on copies broke off: {error}")))))
    }

    async fn schemas(&self, query: SchemaQuery) -> Result<BTreeMap<ComponentName, Compared>, HostError> {
        // Who asked may be gone before the scratch database is dropped.
        let host = self.0.clone();
        let done = tokio::spawn(async move { database::schemas::compare(&host, query).await }).await;
        done.unwrap_or_else(|error| Err(HostError::Internal(Failure::new("bug", format!("comparing schemas broke off: {error}")))))
    }

    async fn approvals(&self, query: ApprovalQuery) -> Result<Vec<Asked>, HostError> {
        approve::carry_out(&self.0, query).await
    }

    async fn logs(&self, query: LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), HostError> {
        self.0.world.supervisor.lines(&query, lines).await.map_err(HostError::Internal)
    }

    async fn run_log(&self, key: &EnvironmentKey, id: &DeploymentId, keep: Option<String>) -> Result<Option<String>, HostError> {
        if look::over(&self.0, id).await?.key != *key {
            return Err(HostError::NotFound(format!("deployment {id} in {key}")));
        }
        let runs = &self.0.world.runs;
        let before = runs.read(key, id).await.map_err(HostError::Internal)?;
        if let Some(text) = keep {
            runs.keep(key, id, &text).await.map_err(HostError::Internal)?;
        }
        Ok(before)
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, HostError> {
        self.0.world.ledger.audit(&query).await.map_err(HostError::Internal)
    }

    async fn note(&self, deed: Deed) -> Result<(), HostError> {
        audit::note(&self.0, deed).await
    }

    async fn upgrade(&self, by: &Actor) -> Result<Upgraded, HostError> {
        upgrade::run(&self.0, by).await
    }

    async fn stop(&self, everything: bool, by: &Actor) -> Result<(), HostError> {
        audit::stopping(&self.0, everything, by).await;
        if everything {
            self.0.ending.store(true, Ordering::Relaxed);
            // Whoever brings something back just now is to be done with it.
            drop(self.0.opening.lock().await);
            restore::stop_all(&self.0.world).await.map_err(HostError::Failed)?;
        }
        Ok(())
    }
}
