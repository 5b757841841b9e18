//! Blue-green: the new slot starts beside the old one; the route flips; the old one drains and stops.

use super::{Site, Step, Target};
use crate::plan::Steps;
use crate::slot::ProcessSpec;

/// The steps that bring the component to what is wanted while the old slot keeps serving.
#[must_use]
pub fn steps(site: &Site<'_>, spec: &ProcessSpec) -> Steps {
    let ready = site.ready_slot().map(|slot| slot.slot.clone());
    let slot = ready.clone().unwrap_or_else(|| site.new_slot());
    let prepare = if ready.is_some() { vec![] } else { site.stage().into_iter().chain(site.start(&slot, spec)).collect() };
    let old = site.seen.slots.iter().filter(|old| old.slot != slot);
    let retire =
        old.flat_map(|old| [Step::StopSlot { slot: old.slot.clone(), drain_ms: spec.drain_timeout_ms }, Step::RemoveSlot { slot: old.slot.clone() }]);
    Steps {
        prepare,
        switch: vec![site.switch_to(Target::Slot { slot: slot.clone() })],
        verify: site.check_route().into_iter().collect(),
        commit: retire.chain(site.prune()).collect(),
    }
}
