//! How long components and their steps took, from the times in journals.

use std::collections::BTreeMap;

use plimsoll_model::deployment::Event;
use plimsoll_model::plan::{Phase, Plan, Step, StepKind, StepRef};
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, HostName};

/// How long each sort of step took for each component, in milliseconds.
pub type StepTimes = BTreeMap<ComponentName, BTreeMap<StepKind, u64>>;

/// A deployment on one host, with the times of its journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    /// What it did.
    pub plan: Plan,
    /// What the plan calls the host.
    pub host: HostName,
    /// Its journal.
    pub journal: Vec<(Moment, Event)>,
}

/// The median for each component and each sort of step, in milliseconds, over all deployments that have it.
#[must_use]
pub fn step_medians(deployments: &[Timed]) -> StepTimes {
    let mut all: BTreeMap<ComponentName, BTreeMap<StepKind, Vec<u64>>> = BTreeMap::new();
    for (component, kind, ms) in deployments.iter().flat_map(Timed::steps) {
        all.entry(component).or_default().entry(kind).or_default().push(ms);
    }
    let medians = |times: BTreeMap<StepKind, Vec<u64>>| times.into_iter().map(|(kind, times)| (kind, median(times))).collect();
    all.into_iter().map(|(component, times)| (component, medians(times))).collect()
}

impl Timed {
    /// Its steps that were done, each from its last intent to its end.
    fn steps(&self) -> Vec<(ComponentName, StepKind, u64)> {
        let kinds: BTreeMap<StepRef, StepKind> = self.plan.steps(&self.host).map(|(at, step): (_, &Step)| (at, step.kind())).collect();
        let mut begun: BTreeMap<&StepRef, Moment> = BTreeMap::new();
        let mut steps = Vec::new();
        for (at, event) in &self.journal {
            match event {
                Event::Intended { at: step } => drop(begun.insert(step, *at)),
                Event::Done { at: step } => {
                    let known = begun.remove(step).zip(kinds.get(step));
                    steps.extend(known.map(|(from, kind)| (step.component.clone(), *kind, at.since(from))));
                }
                _ => {}
            }
        }
        steps
    }
}

/// The median for each component, in milliseconds, over all `journals` that have it.
#[must_use]
pub fn medians(journals: &[Vec<(Moment, Event)>]) -> BTreeMap<ComponentName, u64> {
    let mut all: BTreeMap<ComponentName, Vec<u64>> = BTreeMap::new();
    for (component, ms) in journals.iter().flat_map(|journal| spans(journal)) {
        all.entry(component).or_default().push(ms);
    }
    all.into_iter().map(|(component, times)| (component, median(times))).collect()
}

/// From the first intent of each component to the end of the last of its steps that can be undone.
fn spans(journal: &[(Moment, Event)]) -> BTreeMap<ComponentName, u64> {
    let mut begun: BTreeMap<&ComponentName, Moment> = BTreeMap::new();
    let mut spans = BTreeMap::new();
    for (at, event) in journal {
        match event {
            Event::Intended { at: step } if step.phase != Phase::Commit => {
                begun.entry(&step.component).or_insert(*at);
            }
            Event::Done { at: step } if step.phase != Phase::Commit => {
                let from = begun.get(&step.component).copied().unwrap_or(*at);
                spans.insert(step.component.clone(), at.since(from));
            }
            _ => {}
        }
    }
    spans
}

/// `times` has one at least.
fn median(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    let upper = times.len() / 2;
    if times.len() % 2 == 1 { times[upper] } else { times[upper - 1].midpoint(times[upper]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_few_and_many() {
        let check = |times: &[u64], expect: u64| assert_eq!(median(times.to_vec()), expect, "{times:?}");
        check(&[7], 7);
        check(&[1, 4], 2);
        check(&[9, 1, 5], 5);
        check(&[8, 2, 4, 6], 5);
    }
}
