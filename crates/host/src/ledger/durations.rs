//! How long components took, from the times in journals.

use std::collections::BTreeMap;

use plimsoll_model::ComponentName;
use plimsoll_model::deployment::Event;
use plimsoll_model::plan::Phase;
use plimsoll_model::time::Moment;

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
