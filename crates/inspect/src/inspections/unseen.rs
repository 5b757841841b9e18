//! What was not looked at, as this login does not see it.

use plimsoll_model::finding::Finding;

use crate::{Case, Mode};

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    if case.facts.mode == Mode::User || case.facts.is_root {
        return Vec::new();
    }
    let message = "this login does not see whether SSH, firewall and updates are as they were set up, nor projects of other logins";
    vec![case.note("not-seen", message, format!("have it looked at as well: plimsoll host doctor {}", case.keeper()))]
}
