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

/// Asks every route of the environment, changed or not, on every host that it goes to, as a client would.
pub(crate) async fn environment(conduct: &Conduct<'_>) -> Result<(), HostError> {
    conduct.note(Note::Verifying);
    let issued = issued(conduct).await?;
    let checks = conduct.fleet.hosts.keys().flat_map(|host| checks(conduct, &issued, host).map(move |check| (host, check))).collect::<Vec<_>>();
    let asked = checks.iter().map(|(host, check)| conduct.outside.check(host, check));
    plimsoll_crashpoint::reach!("operator: before verify");
    try_join_all(asked).await.map(drop).map_err(HostError::Failed)
}

fn checks<'a>(conduct: &'a Conduct<'_>, issued: &'a Issued, host: &'a HostName) -> impl Iterator<Item = RouteCheck> + 'a {
    conduct.plan.desired.on(host).filter_map(|(component, wanted)| {
        let (route, path) = wanted.route_check()?;
        let certificate = route.tls.as_ref().map(|tls| issued.get(component).copied().unwrap_or(tls.certificate));
        Some(RouteCheck { component: component.clone(), matches: route.matches.clone(), path, certificate })
    })
}

/// The certificates that stand for enrolments by now: no plan knows them.
type Issued = BTreeMap<ComponentName, Digest>;

async fn issued(conduct: &Conduct<'_>) -> Result<Issued, HostError> {
    let is_enrolled = |wanted: &DesiredComponent| wanted.route.as_ref().and_then(|route| route.tls.as_ref()?.enrolment.as_ref()).is_some();
    let mut issued = Issued::new();
    for (name, host) in &conduct.fleet.hosts {
        if conduct.plan.desired.on(name).any(|(_, wanted)| is_enrolled(wanted)) {
            let services = host.services(&conduct.plan.key).await?;
            issued.extend(services.into_iter().filter_map(|service| Some((service.name, service.enrolled?.certificate?))));
        }
    }
    Ok(issued)
}
