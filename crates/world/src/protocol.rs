//! What all hosts of a world have recorded, side by side: whether it can be true together.

use std::collections::BTreeMap;

use plimsoll_host::ledger::Stored;
use plimsoll_model::deployment::{Event, Outcome, Stage};
use plimsoll_model::plan::Desired;
use plimsoll_model::{DeploymentId, HostName};

use super::chronicle::{Invariant, Violation};
use super::pace::Pace;

/// The deployments of a world, with their stage on each host.
#[derive(Default)]
pub struct Protocol {
    fates: BTreeMap<DeploymentId, Fate>,
    /// In the order in which the home host began them.
    begun: Vec<DeploymentId>,
    /// The decisions, in their order.
    decided: Vec<DeploymentId>,
    live: Desired,
}

/// A deployment, as all hosts together have it on record.
struct Fate {
    home: HostName,
    hosts: Vec<HostName>,
    desired: Desired,
    pace: Pace,
    stages: BTreeMap<HostName, Stage>,
}

impl Protocol {
    /// The state that the last decision made live.
    #[must_use]
    pub fn live(&self) -> &Desired {
        &self.live
    }

    /// Everything that was decided, in its order.
    #[must_use]
    pub fn decided(&self) -> &[DeploymentId] {
        &self.decided
    }

    /// Every deployment that the home host began, the oldest first.
    #[must_use]
    pub fn begun(&self) -> &[DeploymentId] {
        &self.begun
    }

    /// The stages of a deployment, on the hosts that know it.
    #[must_use]
    pub fn stages(&self, id: &DeploymentId) -> BTreeMap<HostName, Stage> {
        self.fates.get(id).map(|fate| fate.stages.clone()).unwrap_or_default()
    }

    pub(super) fn begin(&mut self, host: &HostName, stored: &Stored) -> Vec<Violation> {
        let (plan, id) = (&stored.plan, &stored.record.id);
        if *host == plan.home {
            self.begun.push(id.clone());
        }
        let fate = || Fate {
            home: plan.home.clone(),
            hosts: plan.expects.keys().cloned().collect(),
            desired: plan.desired.clone(),
            pace: Pace::of(plan),
            stages: BTreeMap::new(),
        };
        self.fates.entry(id.clone()).or_insert_with(fate).stages.insert(host.clone(), Stage::Running);
        Vec::new()
    }

    /// Takes in what `host` has recorded; `stage` is where that leads.
    pub(super) fn record(&mut self, host: &HostName, id: &DeploymentId, event: &Event, stage: &Stage) -> Vec<Violation> {
        let Some(fate) = self.fates.get_mut(id) else { return vec![objection(format!("{host} records {id}, which no host began"))] };
        let decided = self.decided.contains(id);
        let mut found = match event {
            Event::Decided if *host == fate.home => fate.objections(host),
            Event::Decided if !decided => vec![objection(format!("{host} takes {id} for decided, and the home host has not decided"))],
            Event::RollingBack { .. } if decided => vec![objection(format!("{host} rolls back {id}, which is decided"))],
            Event::Closed { outcome } if (*outcome == Outcome::Committed) != decided => {
                vec![objection(format!("{host} closes {id} as {outcome}, and decided is {decided}"))]
            }
            Event::Intended { at } => fate.pace.begin(host, at).map(|what| Violation { invariant: Invariant::Order, what }).into_iter().collect(),
            Event::Done { at } => {
                fate.pace.done(host, at);
                Vec::new()
            }
            _ => Vec::new(),
        };
        if *event == Event::Decided && *host == fate.home {
            found.extend(decided.then(|| objection(format!("{id} is decided twice"))));
            self.decided.push(id.clone());
            self.live = fate.desired.clone();
        }
        fate.stages.insert(host.clone(), stage.clone());
        found
    }
}

impl Fate {
    /// What stands against a decision: a host that may still roll back, or has.
    fn objections(&self, home: &HostName) -> Vec<Violation> {
        let others = self.hosts.iter().filter(|host| *host != home);
        let loose = others.filter(|host| self.stages.get(*host) != Some(&Stage::Sealed));
        loose.map(|host| objection(format!("the home host decides, and {host} is not sealed: {:?}", self.stages.get(host)))).collect()
    }
}

fn objection(what: String) -> Violation {
    Violation { invariant: Invariant::Protocol, what }
}
