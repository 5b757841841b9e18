//! Slots: those that should serve and do not, and those that nobody needs any more.

use plimsoll_model::finding::Finding;
use plimsoll_model::plan::Observed;
use plimsoll_model::slot::{Condition, ObservedSlot};

use crate::{Case, Environment};

/// A program that has ended by itself so often is told.
const RESTARTS: u32 = 3;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let of = |environment: &Environment| {
        let silent = environment.services.iter().filter(|service| service.served.is_some()).filter_map(|service| {
            let why = service.trouble.as_ref()?;
            let name = &environment.key.environment;
            let help = format!("read what it writes: plimsoll logs {name} {0}; or go back: plimsoll rollback {name} --last", service.name);
            Some(case.error("component-down", format!("{}: {} does not serve as it should: {why}", environment.key, service.name), help))
        });
        let mut findings: Vec<Finding> = silent.collect();
        // What a deployment that is under way has started is its own.
        if environment.observed.open.is_none() {
            findings.extend(leftovers(case, environment));
        }
        findings.extend(restless(case, environment));
        findings
    };
    case.facts.environments.iter().flat_map(of).collect()
}

fn leftovers(case: &Case<'_>, environment: &Environment) -> Vec<Finding> {
    let serves = |slot: &ObservedSlot| served(&environment.observed).any(|served| *served == slot.slot);
    let left = slots(&environment.observed).filter(|slot| slot.condition != Condition::Stopped && !serves(slot));
    let help = format!("the next deployment that changes its component takes it away: plimsoll deploy {}", environment.key.environment);
    left.map(|slot| case.warning("slot-leftover", format!("{}: slot {} runs, and serves nobody", environment.key, slot.slot), &help)).collect()
}

fn restless(case: &Case<'_>, environment: &Environment) -> Vec<Finding> {
    let often = slots(&environment.observed).filter(|slot| slot.restarts >= RESTARTS);
    let message = |slot: &ObservedSlot| format!("{}: the program of slot {} has ended by itself {} times", environment.key, slot.slot, slot.restarts);
    let help = format!("read what it wrote last: plimsoll logs {}", environment.key.environment);
    often.map(|slot| case.warning("slot-restless", message(slot), &help)).collect()
}

fn slots(observed: &Observed) -> impl Iterator<Item = &ObservedSlot> {
    observed.components.values().flat_map(|component| &component.slots)
}

fn served(observed: &Observed) -> impl Iterator<Item = &plimsoll_model::SlotId> {
    observed.components.values().filter_map(|component| component.served.as_ref()?.target.slot())
}
