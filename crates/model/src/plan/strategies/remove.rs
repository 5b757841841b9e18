//! Remove: the route goes in the switch, the slots and releases after the decision.

use super::{DRAIN_MS, Step};
use crate::plan::{ObservedComponent, Steps};

/// The steps that take a component away.
#[must_use]
pub fn steps(seen: &ObservedComponent) -> Steps {
    let switch = seen.served.iter().map(|served| Step::Switch { from: Some(served.clone()), to: None });
    let retire = seen
        .slots
        .iter()
        .flat_map(|slot| [Step::StopSlot { slot: slot.slot.clone(), drain_ms: DRAIN_MS }, Step::RemoveSlot { slot: slot.slot.clone() }]);
    Steps { switch: switch.collect(), commit: retire.collect(), ..Steps::default() }
}
