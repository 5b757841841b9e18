//! The daemon: whether it answers.

use plimsoll_model::finding::Finding;

use crate::{Case, Daemon, Mode};

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    match &case.facts.daemon {
        Daemon::Answers(_) | Daemon::Absent => Vec::new(),
        Daemon::Rests => {
            let message = "its daemon does not run: what ends there is not started again, and leases are not watched";
            vec![case.warning("daemon-rests", message, format!("start it: plimsoll host facts {}", case.host))]
        }
        Daemon::Fails(failure) => {
            let usual = match case.facts.mode {
                Mode::System => "as root: journalctl -u plimsoll.service, then systemctl restart plimsoll.socket plimsoll.service",
                Mode::User => "see its log in the folder `logs` of its state",
            };
            vec![case.error(&failure.code, &failure.message, failure.help.as_deref().unwrap_or(usual))]
        }
    }
}
