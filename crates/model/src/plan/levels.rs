//! Dependency order: components that need none of each other share a level, and batches follow each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::ComponentName;

/// Components that wait for each other, each for the next and the last for the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<ComponentName>);

/// What comes at one level: components, each with the number of its batch, from 0.
pub type Turns = Vec<(ComponentName, usize)>;

/// Orders components into levels. Each takes as many of them as it has `batches`, at least one, and begins above the last of all that it
/// depends on. Dependencies on what is not in the map are left out of account.
///
/// # Errors
/// Names a cycle, when there is one.
pub fn levels(depends_on: &BTreeMap<ComponentName, BTreeSet<ComponentName>>, batches: impl Fn(&ComponentName) -> usize) -> Result<Vec<Turns>, Cycle> {
    let mut ends: BTreeMap<&ComponentName, usize> = BTreeMap::new();
    let mut levels: Vec<Turns> = Vec::new();
    for name in order(depends_on)? {
        let begin = depends_on[name].iter().filter_map(|need| ends.get(need)).max().copied().unwrap_or(0);
        let end = begin + batches(name).max(1);
        levels.resize(levels.len().max(end), Turns::new());
        for (batch, level) in levels[begin..end].iter_mut().enumerate() {
            level.push((name.clone(), batch));
        }
        ends.insert(name, end);
    }
    Ok(levels)
}

/// All components, each behind those that it depends on.
fn order(depends_on: &BTreeMap<ComponentName, BTreeSet<ComponentName>>) -> Result<Vec<&ComponentName>, Cycle> {
    let mut placed: BTreeSet<&ComponentName> = BTreeSet::new();
    let mut order = Vec::new();
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
        order.extend(&ready);
        placed.extend(ready);
    }
    Ok(order)
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
