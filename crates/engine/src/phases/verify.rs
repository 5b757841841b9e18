//! Verify: each level from inside its hosts, and after the last one the whole environment from outside.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use plimsoll_api::{HostError, Order};
use plimsoll_model::plan::{DesiredComponent, Phase};
use plimsoll_model::{ComponentName, DeploymentId, Digest, HostName};

use crate::conduct::{Conduct, Note, RouteCheck};

/// Verifies one level on all hosts.
pub(crate) async fn level(conduct: &Conduct<'_>, id: &DeploymentId, level: u32) -> Result<(), HostError> {
    conduct.note(Note::Phase { level, phase: Phase::Verify });
    super::each(conduct, id, level, Order::Verify { level }).await
}

/// Asks every route of the environment, changed or not, on every host, as a client would.
pub(crate) async fn environment(conduct: &Conduct<'_>) -> Result<(), HostError> {
    conduct.note(Note::Verifying);
    let issued = issued(conduct).await?;
    let checks: Vec<RouteCheck> = conduct
        .plan
        .desired
        .components
        .iter()
        .filter_map(|(component, wanted)| {
            let (route, path) = wanted.route_check()?;
            let certificate = route.tls.as_ref().map(|tls| issued.get(component).copied().unwrap_or(tls.certificate));
            Some(RouteCheck { component: component.clone(), matches: route.matches.clone(), path, certificate })
        })
        .collect();
    let hosts: Vec<&HostName> = conduct.fleet.hosts.keys().collect();
    let asked = hosts.iter().flat_map(|host| checks.iter().map(move |check| conduct.outside.check(host, check)));
    plimsoll_crashpoint::reach!("operator: before verify");
    try_join_all(asked).await.map(drop).map_err(HostError::Failed)
}

/// The certificates that stand for enrolments by now: no plan knows them.
async fn issued(conduct: &Conduct<'_>) -> Result<BTreeMap<ComponentName, Digest>, HostError> {
    let is_enrolled = |wanted: &DesiredComponent| wanted.route.as_ref().and_then(|route| route.tls.as_ref()?.enrolment.as_ref()).is_some();
    if !conduct.plan.desired.components.values().any(is_enrolled) {
        return Ok(BTreeMap::new());
    }
    let services = conduct.fleet.home().services(&conduct.plan.key).await?;
    Ok(services.into_iter().filter_map(|service| Some((service.name, service.enrolled?.certificate?))).collect())
}
