//! The daemon's version beside the one here.

use plimsoll_model::finding::Finding;

use crate::{Case, Daemon};

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let Daemon::Answers(daemon) = &case.facts.daemon else { return Vec::new() };
    let help = format!("bring it to this version: plimsoll host upgrade {}", case.host);
    if daemon.version != case.facts.version {
        let message = format!("its daemon is plimsoll {}, and the program there is {}", daemon.version, case.facts.version);
        return vec![case.warning("daemon-differs", message, help)];
    }
    if daemon.version == case.version {
        return Vec::new();
    }
    vec![case.note("version-differs", format!("it has plimsoll {}, and this is {}", daemon.version, case.version), help)]
}
