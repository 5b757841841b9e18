//! Deployments that nobody has decided.

use plimsoll_model::finding::Finding;

use crate::{Case, Environment};

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let of = |environment: &Environment| {
        let (key, open) = (&environment.key, environment.observed.open.as_ref()?);
        let who = format!("deployment {} of {} in {key}", open.id, open.holder);
        Some(if open.expired {
            let help = format!("settle it: plimsoll resume {}", key.environment);
            case.error("deployment-undecided", format!("{who} was cut off ({}), and nobody has settled it", open.stage), help)
        } else {
            case.note("deployment-open", format!("{who} is under way"), "wait for it to end")
        })
    };
    case.facts.environments.iter().filter_map(of).collect()
}
