//! One command of an operator: settles what was cut off, plans, and carries the plan out, as every surface does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

use plimsoll_api::{Certificates, HostError, Look, SecretValues};
use plimsoll_engine::{Conduct, Ended, Shipment, recover, run};
use plimsoll_model::ComponentName;
use plimsoll_model::deployment::{Holder, Outcome, rollback_target, stable_before};
use plimsoll_model::plan::{Change, Desired, Intent, OpenDeployment, Plan, Terms, make};
use plimsoll_model::route::RouteSpec;
use plimsoll_model::source::Source;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::outside::Surroundings;
use crate::project::{LEASE_MS, key};
use crate::scenario::Does;
use crate::stage::Stage;

/// How many releases of each component are kept.
pub(crate) const KEEP_RELEASES: u32 = 2;
/// How far back a rollback looks.
const HISTORY: u32 = 200;

/// An operator, and what they hear of.
pub(crate) struct Operator<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) name: &'static str,
    pub(crate) objection: &'a AtomicBool,
    pub(crate) cancel: CancellationToken,
}

/// What a command told whoever gave it.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one for each command, and it is soon read")]
pub(crate) enum Told {
    /// How a deployment ended.
    Ended(Ended),
    /// Nothing was begun.
    Refused(String),
    /// There was nothing to be planned.
    Nothing,
}

/// What is to be carried out.
pub(crate) struct Proposal {
    pub(crate) plan: Plan,
    shipments: BTreeMap<ComponentName, Shipment>,
    secrets: SecretValues,
}

impl Operator<'_> {
    /// Does it, from looking at the hosts to the end; with `proposal`, a plan that was made before.
    pub(crate) async fn carry_out(&self, does: &Does, proposal: Option<Proposal>) -> Told {
        match self.command(does, proposal).await {
            Ok(told) => told,
            Err(error) => Told::Refused(format!("{}: {error}", error.code())),
        }
    }

    async fn command(&self, does: &Does, proposal: Option<Proposal>) -> Result<Told, HostError> {
        if let Does::Wait(ms) = does {
            tokio::time::sleep(std::time::Duration::from_millis(*ms)).await;
            return Ok(Told::Nothing);
        }
        self.settle().await?;
        let proposal = match proposal {
            Some(proposal) => Some(proposal),
            None => self.propose(does).await?,
        };
        match proposal {
            Some(proposal) => self.conduct(&proposal).await.map(Told::Ended),
            None => Ok(Told::Nothing),
        }
    }

    /// Settles what was cut off before, unless whoever runs it is still at it.
    async fn settle(&self) -> Result<(), HostError> {
        let seen = self.stage.fleet.observe(|_| Look::at(key())).await?;
        let Some(open) = seen.values().find_map(|seen| seen.open.as_ref()) else { return Ok(()) };
        if !open.expired {
            return Err(HostError::LeaseHeld { id: open.id.clone(), holder: open.holder.clone(), expires_in_ms: 0 });
        }
        self.settle_open(open).await
    }

    async fn settle_open(&self, open: &OpenDeployment) -> Result<(), HostError> {
        self.stage.chronicle.tell(self.name, || format!("settles {}", open.id));
        let settled = recover::settle(&self.stage.fleet, &key(), open).await?;
        self.stage.chronicle.tell(self.name, || format!("settled {} as {}", settled.id, settled.outcome));
        self.stage.chronicle.count("settled");
        crate::report::settled(self.stage, &settled);
        Ok(())
    }

    /// Plans; none when it cannot be planned or is no deployment.
    pub(crate) async fn propose(&self, does: &Does) -> Result<Option<Proposal>, HostError> {
        let scenario = &self.stage.scenario;
        Ok(match does {
            Does::Deploy(versions) => {
                let (shipments, secrets) = (scenario.shipments(versions), scenario.secrets(versions));
                let plan = self.plan(Intent::Deploy, scenario.desired(versions)).await?;
                plan.map(|plan| Proposal { plan, shipments, secrets })
            }
            Does::Down => self.plan(Intent::Down, Desired::default()).await?.map(bare),
            Does::Rollback(back) => match self.target(*back).await? {
                Some((intent, desired)) => self.plan(intent, desired).await?.map(bare),
                None => None,
            },
            Does::Resume | Does::Wait(_) => None,
        })
    }

    async fn target(&self, back: u8) -> Result<Option<(Intent, Desired)>, HostError> {
        let history = self.stage.fleet.home().history(&key(), HISTORY).await?;
        let committed: Vec<_> = history.iter().filter(|record| record.outcome() == Outcome::Committed).collect();
        let target = match committed.get(usize::from(back)) {
            Some(wanted) if back > 0 => rollback_target(&history, "it", |record| record.id == wanted.id).ok(),
            _ => stable_before(&history).ok(),
        };
        Ok(target.map(|record| (Intent::Rollback { to: record.id.clone() }, record.desired.clone())))
    }

    async fn plan(&self, intent: Intent, desired: Desired) -> Result<Option<Plan>, HostError> {
        let home = self.stage.fleet.home.clone();
        let terms = Terms {
            key: key(),
            intent,
            source: Source::default(),
            home,
            lease_ms: LEASE_MS,
            keep_releases: KEEP_RELEASES,
            keep_backups: None,
            restore: BTreeMap::new(),
            put_back: BTreeMap::new(),
            policy: None,
        };
        let seen = self.stage.fleet.observe(|host| look(&desired).with_databases(&desired, host, &SecretValues::default())).await?;
        match make(terms, desired, &seen) {
            Ok(plan) => {
                self.count(&plan);
                Ok(Some(plan))
            }
            Err(error) => {
                self.stage.chronicle.tell(self.name, || format!("has no plan: {error}"));
                self.stage.chronicle.count("plan impossible");
                Ok(None)
            }
        }
    }

    fn count(&self, plan: &Plan) {
        if plan.batches().values().any(|batches| batches.len() > 1) {
            self.stage.chronicle.count("plan in batches");
        }
        if plan.levels.iter().flat_map(|level| level.hosts.values()).flatten().any(|work| work.change == Change::Leave) {
            self.stage.chronicle.count("component moved away");
        }
    }

    async fn conduct(&self, proposal: &Proposal) -> Result<Ended, HostError> {
        let (notes, _unread) = mpsc::unbounded_channel();
        let outside = Surroundings { stage: self.stage, objection: self.objection };
        let conduct = Conduct {
            fleet: &self.stage.fleet,
            plan: &proposal.plan,
            shipments: &proposal.shipments,
            components: Vec::new(),
            holder: Holder { user: self.name.into(), machine: "m".into(), pid: 1, surface: "cli".into() },
            reason: None,
            idempotency_key: None,
            secrets: proposal.secrets.clone(),
            certificates: Certificates::default(),
            outside: &outside,
            notes,
            cancel: self.cancel.clone(),
        };
        run(&conduct).await
    }
}

/// A plan that needs nothing but what hosts have.
fn bare(plan: Plan) -> Proposal {
    Proposal { plan, shipments: BTreeMap::new(), secrets: SecretValues::default() }
}

fn look(desired: &Desired) -> Look {
    let wanted = desired.components.values();
    let ports: BTreeSet<u16> = wanted.clone().filter_map(|wanted| wanted.route.as_ref()).flat_map(RouteSpec::ports).collect();
    Look { releases: wanted.map(|wanted| wanted.release).collect(), ports, ..Look::at(key()) }
}
