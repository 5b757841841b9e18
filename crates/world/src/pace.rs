//! How a deployment may go over hosts: nothing begins before what it depends on is verified wherever that goes, and a rolling component is under
//! way on no more hosts at once than it may be.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::plan::{Desired, MaxUnavailable, Phase, Plan, StepRef};
use plimsoll_model::{ComponentName, HostName};

/// A deployment on its way.
pub(super) struct Pace {
    desired: Desired,
    hosts: Vec<HostName>,
    /// What is still to be done until a component is verified on a host.
    left: BTreeMap<ComponentName, BTreeMap<HostName, BTreeSet<StepRef>>>,
    /// Where something was begun.
    begun: BTreeSet<(ComponentName, HostName)>,
}

impl Pace {
    pub(super) fn of(plan: &Plan) -> Self {
        let hosts: Vec<HostName> = plan.expects.keys().cloned().collect();
        let mut left: BTreeMap<ComponentName, BTreeMap<HostName, BTreeSet<StepRef>>> = BTreeMap::new();
        for host in &hosts {
            // What is taken away waits for everything, and nothing waits for it.
            let stays = |at: &StepRef| plan.desired.components.get(&at.component).is_some_and(|wanted| wanted.is_for(host));
            for (at, _) in plan.steps(host).filter(|(at, _)| at.phase != Phase::Commit && stays(at)) {
                left.entry(at.component.clone()).or_default().entry(host.clone()).or_default().insert(at);
            }
        }
        Self { desired: plan.desired.clone(), hosts, left, begun: BTreeSet::new() }
    }

    /// Takes in that `host` begins a step; what stands against that.
    pub(super) fn begin(&mut self, host: &HostName, at: &StepRef) -> Option<String> {
        let wanted = self.desired.components.get(&at.component).filter(|wanted| at.phase != Phase::Commit && wanted.is_for(host))?;
        if let Some((need, place)) = wanted.depends_on.iter().find_map(|need| Some((need, self.unverified(need).next()?))) {
            return Some(format!("{} begins on {host}, and {need} is not verified on {place}", at.component));
        }
        let most = most(wanted.rolling?, self.hosts.iter().filter(|host| wanted.is_for(host)).count());
        self.begun.insert((at.component.clone(), host.clone()));
        let under_way: Vec<&HostName> =
            self.unverified(&at.component).filter(|host| self.begun.contains(&(at.component.clone(), (*host).clone()))).collect();
        (under_way.len() > most).then(|| format!("{} is under way on {under_way:?}, and may be on {most} at once", at.component))
    }

    /// Takes in that `host` has done a step.
    pub(super) fn done(&mut self, host: &HostName, at: &StepRef) {
        if let Some(left) = self.left.get_mut(&at.component).and_then(|hosts| hosts.get_mut(host)) {
            left.remove(at);
        }
    }

    fn unverified(&self, component: &ComponentName) -> impl Iterator<Item = &HostName> {
        self.left.get(component).into_iter().flatten().filter(|(_, left)| !left.is_empty()).map(|(host, _)| host)
    }
}

/// Counted here again: what is judged must not be its own judge.
fn most(limit: MaxUnavailable, hosts: usize) -> usize {
    match limit {
        MaxUnavailable::Hosts(count) => count as usize,
        MaxUnavailable::Percent(percent) => (hosts * percent as usize / 100).max(1),
    }
}
