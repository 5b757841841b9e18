//! Making a scenario that fails smaller, as long as it still fails.

use crate::run::run;
use crate::scenario::{Does, Scenario};

/// The smallest scenario that still breaks an invariant which `scenario` breaks.
#[must_use]
pub fn shrink(scenario: &Scenario) -> Scenario {
    let mut smallest = scenario.clone();
    let broken: Vec<_> = run(scenario, false).violations.into_iter().map(|violation| violation.invariant).collect();
    let fails = |candidate: &Scenario| run(candidate, false).violations.iter().any(|violation| broken.contains(&violation.invariant));
    while let Some(smaller) = smaller(&smallest).into_iter().find(|candidate| fails(candidate)) {
        smallest = smaller;
    }
    smallest
}

/// Everything that is one step smaller, the largest steps first.
fn smaller(scenario: &Scenario) -> Vec<Scenario> {
    let mut found = Vec::new();
    for act in (0..scenario.acts.len()).rev() {
        found.push(changed(scenario, |smaller| smaller.acts.remove(act)));
    }
    for part in (0..scenario.parts.len()).rev().filter(|_| scenario.parts.len() > 1) {
        found.push(changed(scenario, |smaller| remove_part(smaller, part)));
    }
    if scenario.hosts > 1 {
        found.push(changed(scenario, |smaller| smaller.hosts -= 1));
    }
    for (number, act) in scenario.acts.iter().enumerate() {
        for fault in 0..act.faults.len() {
            found.push(changed(scenario, |smaller| smaller.acts[number].faults.remove(fault)));
        }
        found.extend(act.rival.is_some().then(|| changed(scenario, |smaller| smaller.acts[number].rival = None)));
        found.extend(act.old_plan.then(|| changed(scenario, |smaller| smaller.acts[number].old_plan = false)));
    }
    for (number, part) in scenario.parts.iter().enumerate() {
        for odd in 0..part.odd.len() {
            found.push(changed(scenario, |smaller| smaller.parts[number].odd.remove(odd)));
        }
        found.extend((!part.needs.is_empty()).then(|| changed(scenario, |smaller| smaller.parts[number].needs.clear())));
        found.extend(part.rolling.is_some().then(|| changed(scenario, |smaller| smaller.parts[number].rolling = None)));
        found.extend((part.place > 0).then(|| changed(scenario, |smaller| smaller.parts[number].place = 0)));
        found.extend(part.secret.then(|| changed(scenario, |smaller| smaller.parts[number].secret = false)));
    }
    found
}

fn changed<T>(scenario: &Scenario, change: impl FnOnce(&mut Scenario) -> T) -> Scenario {
    let mut smaller = scenario.clone();
    let _ = change(&mut smaller);
    smaller
}

fn remove_part(scenario: &mut Scenario, part: usize) {
    scenario.parts.remove(part);
    for other in &mut scenario.parts {
        other.needs.retain(|need| usize::from(*need) != part);
        other.needs.iter_mut().filter(|need| usize::from(**need) > part).for_each(|need| *need -= 1);
    }
    for act in &mut scenario.acts {
        let rival = act.rival.as_mut().map(|rival| &mut rival.does);
        for does in [&mut act.does].into_iter().chain(rival) {
            if let Does::Deploy(versions) = does {
                versions.remove(part);
            }
        }
    }
}
