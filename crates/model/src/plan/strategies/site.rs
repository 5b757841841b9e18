//! Sites: nothing runs, so a switch is the route pointing at another folder.

use super::{Site, Target};
use crate::RelPath;
use crate::plan::{Step, Steps};

/// The steps that make the route serve the new release's files.
#[must_use]
pub fn steps(site: &Site<'_>, root: &RelPath) -> Steps {
    // A component that was a process before leaves slots behind.
    let retire = site
        .seen
        .slots
        .iter()
        .flat_map(|slot| [Step::StopSlot { slot: slot.slot.clone(), drain_ms: super::DRAIN_MS }, Step::RemoveSlot { slot: slot.slot.clone() }]);
    Steps {
        prepare: site.stage().into_iter().collect(),
        switch: vec![site.switch_to(Target::Site { root: root.clone() })],
        verify: site.check_route().into_iter().collect(),
        commit: retire.chain(site.prune()).collect(),
    }
}
