//! Remove: the route goes in the switch, the slots after the decision, and the releases as well when nothing is to return to.

use super::{DRAIN_MS, Step};
use crate::plan::{ObservedComponent, Steps};

/// The steps that take a component away, its releases included when `with_releases` is set.
#[must_use]
pub fn steps(seen: &ObservedComponent, with_releases: bool) -> Steps {
    let switch = seen.served.iter().map(|served| Step::Switch { from: Some(served.clone()), to: None });
    let retire = seen
        .slots
        .iter()
        .flat_map(|slot| [Step::StopSlot { slot: slot.slot.clone(), drain_ms: DRAIN_MS }, Step::RemoveSlot { slot: slot.slot.clone() }]);
    let prune = seen.staged.iter().filter(|_| with_releases).map(|release| Step::PruneRelease { release: *release });
    Steps { switch: switch.collect(), commit: retire.chain(prune).collect(), ..Steps::default() }
}
