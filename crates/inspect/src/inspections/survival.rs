//! In user mode: what becomes of the host when its login logs out, and when the machine starts again.

use plimsoll_model::finding::Finding;

use crate::Case;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let Some(survival) = &case.facts.survival else { return Vec::new() };
    let login = &survival.login;
    if survival.ends_at_logout && !survival.lingers {
        let message = format!("whatever {login} has started is ended when it logs out (KillUserProcesses)");
        return vec![case.error("ends-at-logout", message, format!("as root: loginctl enable-linger {login}"))];
    }
    let message = "it runs in user mode: after a restart of the machine nothing serves until the next command";
    vec![case.note("user-mode", message, "to have it start with the machine, set it up as a whole: plimsoll host provision root@HOST")]
}
