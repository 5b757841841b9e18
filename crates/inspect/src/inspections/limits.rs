//! How many files may be open: each connection is two of them.

use plimsoll_model::finding::Finding;

use crate::{Case, Mode};

/// Fewer are soon used up.
const WANTED: u64 = 4_096;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let Some(open_files) = case.facts.open_files.filter(|open_files| *open_files < WANTED) else { return Vec::new() };
    let help = match case.facts.mode {
        Mode::System => "as root: `systemctl edit plimsoll.service`, write LimitNOFILE=65536 below [Service], then plimsoll host stop and deploy",
        Mode::User => "as root, raise `nofile` for this login in /etc/security/limits.conf; then end the host (plimsoll host stop) and deploy",
    };
    vec![case.warning("open-files-limited", format!("what leads its traffic may have {open_files} files open, and each connection takes two"), help)]
}
