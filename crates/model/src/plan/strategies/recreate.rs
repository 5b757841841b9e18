//! Recreate: the old slot stops before the new one starts, for what cannot run twice.

use super::{Site, Step, Target};
use crate::plan::Steps;
use crate::slot::ProcessSpec;

/// The steps that replace the component, with no moment at which two of it run.
#[must_use]
pub fn steps(site: &Site<'_>, spec: &ProcessSpec) -> Steps {
    if let Some(ready) = site.ready_slot() {
        let switch = vec![site.switch_to(Target::Slot { slot: ready.slot.clone() })];
        return Steps { switch, verify: site.check_route().into_iter().collect(), ..Steps::default() };
    }
    let slot = site.new_slot();
    let stop = site.seen.slots.iter().map(|old| Step::StopSlot { slot: old.slot.clone(), drain_ms: spec.drain_timeout_ms });
    let switch = [site.switch_to(Target::Slot { slot: slot.clone() })];
    let remove = site.seen.slots.iter().map(|old| Step::RemoveSlot { slot: old.slot.clone() });
    Steps {
        prepare: site.stage().into_iter().collect(),
        switch: stop.chain(site.start(&slot, spec)).chain(switch).collect(),
        verify: site.check_route().into_iter().collect(),
        commit: remove.chain(site.prune()).collect(),
    }
}
