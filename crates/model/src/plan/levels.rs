//! Dependency order: components that need none of each other share a level.

use std::collections::{BTreeMap, BTreeSet};

use crate::ComponentName;

/// Components that wait for each other, each for the next and the last for the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<ComponentName>);

/// Orders components into levels: each stands one level above the highest that it depends on.
/// Dependencies on what is not in the map are left out of account.
///
/// # Errors
/// Names a cycle, when there is one.
pub fn levels(depends_on: &BTreeMap<ComponentName, BTreeSet<ComponentName>>) -> Result<Vec<Vec<ComponentName>>, Cycle> {
    let mut placed: BTreeSet<&ComponentName> = BTreeSet::new();
    let mut levels = Vec::new();
    while placed.len() < depends_on.len() {
        let ready: Vec<&ComponentName> = depends_on
            .iter()
            .filter(|(name, _)| !placed.contains(name))
            .filter(|(_, needs)| needs.iter().all(|need| placed.contains(need) || !depends_on.contains_key(need)))
            .map(|(name, _)| name)
            .collect();
        if ready.is_empty() {
            return Err(cycle(depends_on, &placed));
        }
        levels.push(ready.iter().map(|name| (*name).clone()).collect());
        placed.extend(ready);
    }
    Ok(levels)
}

/// Walks from a component that could not be placed along its unplaced dependencies until it meets itself.
fn cycle(depends_on: &BTreeMap<ComponentName, BTreeSet<ComponentName>>, placed: &BTreeSet<&ComponentName>) -> Cycle {
    let unplaced = |name: &&ComponentName| !placed.contains(*name) && depends_on.contains_key(*name);
    let mut walk: Vec<ComponentName> = Vec::new();
    let mut here = depends_on.keys().find(unplaced);
    while let Some(name) = here {
        if let Some(start) = walk.iter().position(|seen| seen == name) {
            return Cycle(walk.split_off(start));
        }
        walk.push(name.clone());
        here = depends_on[name].iter().find(unplaced);
    }
    Cycle(walk)
}
