//! What the kept releases take of the disk.

use plimsoll_model::finding::Finding;

use crate::Case;

/// Below this nobody minds, in bytes.
const SMALL: u64 = 1 << 30;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let (Some(store), Some(disk)) = (case.facts.store_bytes, case.facts.disk) else { return Vec::new() };
    if store < SMALL || store < disk.bytes / 2 {
        return Vec::new();
    }
    let message = format!("kept releases take {} MB of a disk of {} MB", store >> 20, disk.bytes >> 20);
    vec![case.warning("store-large", message, "keep fewer: `keep_releases = 2` in the environment of the manifest, then deploy")]
}
