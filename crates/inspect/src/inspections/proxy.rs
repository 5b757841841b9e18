//! The proxy: whether it runs where there are routes.

use plimsoll_model::finding::Finding;

use crate::{Case, Daemon};

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let Daemon::Answers(daemon) = &case.facts.daemon else { return Vec::new() };
    let routes = case.facts.environments.iter().flat_map(|environment| &environment.services).filter(|service| service.route.is_some()).count();
    // What speaks no TLS is nginx, which is looked at on its own.
    let is_ours = case.facts.environments.iter().all(|environment| !environment.observed.one_protocol);
    if routes == 0 || daemon.proxy_pid.is_some() || !is_ours {
        return Vec::new();
    }
    let help = format!("the daemon brings it back within seconds; if not, see why in {}/proxy", daemon.folder);
    vec![case.error("proxy-down", format!("its proxy does not run, and {routes} routes lead nowhere"), help)]
}
