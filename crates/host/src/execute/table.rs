//! The host's routing table: what serves, as the proxy is told.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::plan::{Served, Target};
use plimsoll_model::route::{About, Match, Route, Upstream};
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, Digest, EnvironmentKey};
use tokio::sync::{Mutex, Notify};

use crate::database::schedule::Care;
use crate::enrol::{self, Wanted};
use crate::route::slot_name;
use crate::trouble::Trouble;
use crate::world::World;

type Routes = BTreeMap<(EnvironmentKey, ComponentName), Route>;

/// What all deployments of a host share.
#[derive(Default)]
pub(crate) struct Table {
    /// All routes of the host. Components that switch side by side change it one after the other.
    routes: Mutex<Routing>,
    /// Held from choosing the port of a slot until it is on record, so that no two slots choose the same one.
    pub(crate) ports: Mutex<()>,
    /// Held by who asks an authority for a certificate: there is one proof at a time.
    pub(crate) asking: Mutex<()>,
    /// Held while what was issued is kept and put on record, and while certificates are swept: what is not on record yet would be.
    pub(crate) keeping: Mutex<()>,
    /// Told when other routes serve than before.
    pub(crate) changed: Notify,
    /// The databases that the host backs up, or copies the backups of, by itself.
    cared_for: Mutex<BTreeMap<(EnvironmentKey, ComponentName), Care>>,
    /// Told when they are others than before.
    pub(crate) scheduled: Notify,
}

/// The routes as they are to be.
#[derive(Default)]
struct Routing {
    routes: Routes,
    /// What proves to an authority that a host name is ours, while it looks.
    proof: Option<Route>,
    /// The proxy may have others: it was told, and whether it has taken them was not heard.
    doubtful: bool,
}

impl Routing {
    /// Makes the proxy have these routes.
    async fn become_these(&mut self, world: &World, routes: &Routes) -> Result<(), Trouble> {
        self.doubtful = true;
        world.router.apply(routes.values().chain(&self.proof).cloned().collect()).await?;
        self.doubtful = false;
        Ok(())
    }
}

impl Table {
    /// Makes the proxy serve what the ledger says, for all environments.
    pub(crate) async fn restore(&self, world: &World) -> Result<(), Trouble> {
        let mut routing = self.routes.lock().await;
        let mut recorded = Routes::new();
        for key in world.ledger.environments().await? {
            for (component, row) in world.ledger.components(&key).await? {
                let Some(served) = &row.served else { continue };
                self.care_for(&key, &component, Some(served)).await;
                let since = row.since.unwrap_or(Moment(0));
                if let Some(route) = route(world, &key, &component, served, None, since).await? {
                    recorded.insert((key.clone(), component), route);
                }
            }
        }
        // Also when it is not known to have them: the next switch must not take away what it does not change.
        routing.routes = recorded.clone();
        self.changed.notify_one();
        // Without routes there is no need of a proxy. One that runs may have routes that never got on record.
        let needless = recorded.is_empty() && world.router.pid().await.is_none();
        if needless { Ok(()) } else { routing.become_these(world, &recorded).await }
    }

    /// Leads the traffic of a component to `served`, or nowhere. `by` is the deployment that does so, when it is a new one.
    pub(crate) async fn switch(
        &self,
        world: &World,
        key: &EnvironmentKey,
        component: &ComponentName,
        served: Option<&Served>,
        by: Option<&DeploymentRecord>,
    ) -> Result<(), Trouble> {
        self.care_for(key, component, served).await;
        let mut routing = self.routes.lock().await;
        let mut after = routing.routes.clone();
        let name = (key.clone(), component.clone());
        let route = match served {
            Some(served) => route(world, key, component, served, by, world.clock.now()).await?,
            None => None,
        };
        match route {
            Some(route) => {
                show_one(&mut after, &route);
                after.insert(name, route)
            }
            None => after.remove(&name),
        };
        if after != routing.routes || routing.doubtful {
            routing.become_these(world, &after).await?;
            routing.routes = after;
            self.changed.notify_one();
        }
        Ok(())
    }

    /// The databases that the host backs up, or copies the backups of, by itself.
    pub(crate) async fn cared_for(&self) -> BTreeMap<(EnvironmentKey, ComponentName), Care> {
        self.cared_for.lock().await.clone()
    }

    async fn care_for(&self, key: &EnvironmentKey, component: &ComponentName, served: Option<&Served>) {
        let care = served.and_then(Care::of);
        let (mut cared_for, name) = (self.cared_for.lock().await, (key.clone(), component.clone()));
        let before = match care.clone() {
            Some(care) => cared_for.insert(name, care),
            None => cared_for.remove(&name),
        };
        if before != care {
            self.scheduled.notify_one();
        }
    }

    /// The certificates that the routes of an environment show.
    pub(crate) async fn shown(&self, key: &EnvironmentKey) -> Vec<Digest> {
        let routing = self.routes.lock().await;
        let routes = routing.routes.iter().filter(|((owner, _), _)| owner == key);
        routes.filter_map(|(_, route)| Some(route.spec.tls.as_ref()?.certificate)).collect()
    }

    /// The certificates that authorities issue for what serves, each once.
    pub(crate) async fn enrolled(&self) -> Vec<Wanted> {
        let mut all: Vec<Wanted> = Vec::new();
        for ((key, _), Route { spec, .. }) in &self.routes.lock().await.routes {
            let Some((enrolment, port)) = spec.tls.as_ref().and_then(|tls| Some((*tls.enrolment.clone()?, tls.redirect_from?))) else { continue };
            if all.iter().all(|other| (&other.key, &other.enrolment) != (key, &enrolment)) {
                all.push(Wanted { key: key.clone(), enrolment, port });
            }
        }
        all
    }

    /// Makes every route show the certificate that stands for its enrolment by now.
    pub(crate) async fn certify(&self, world: &World) -> Result<(), Trouble> {
        let mut routing = self.routes.lock().await;
        let mut after = routing.routes.clone();
        for route in after.values_mut() {
            certify(world, route).await?;
        }
        if after != routing.routes {
            routing.become_these(world, &after).await?;
            routing.routes = after;
        }
        Ok(())
    }

    /// Shows `proof` beside all routes, or none any more.
    pub(crate) async fn prove(&self, world: &World, proof: Option<Route>) -> Result<(), Trouble> {
        let mut routing = self.routes.lock().await;
        if routing.proof == proof && !routing.doubtful {
            return Ok(());
        }
        let (before, routes) = (std::mem::replace(&mut routing.proof, proof), routing.routes.clone());
        routing.become_these(world, &routes).await.inspect_err(|_| routing.proof = before)
    }

    /// What other environments than `key` take.
    pub(crate) async fn foreign(&self, key: &EnvironmentKey) -> Vec<(EnvironmentKey, Match)> {
        let routing = self.routes.lock().await;
        routing.routes.iter().filter(|((owner, _), _)| owner != key).map(|((owner, _), route)| (owner.clone(), route.spec.matches.clone())).collect()
    }
}

/// The route that leads to `served`; none when it has no route.
async fn route(
    world: &World,
    key: &EnvironmentKey,
    component: &ComponentName,
    served: &Served,
    by: Option<&DeploymentRecord>,
    at: Moment,
) -> Result<Option<Route>, Trouble> {
    let Some(spec) = served.route.clone() else { return Ok(None) };
    let upstream = upstream(world, key, component, served).await?;
    let about = match (by, &served.deployment) {
        (Some(record), _) => about(record, at),
        (None, Some(id)) => match world.ledger.deployment(id).await? {
            Some(stored) => about(&stored.record, stored.record.ended_at.unwrap_or(at)),
            None => return Err(Trouble::new("ledger-damaged", format!("the ledger has no deployment {id}, which serves for {component} of {key}"))),
        },
        (None, None) => return Err(Trouble::new("ledger-damaged", format!("what serves for {component} of {key} has no deployment"))),
    };
    let mut route = Route { key: key.clone(), component: component.clone(), spec, upstream, certificate: None, about };
    certify(world, &mut route).await?;
    Ok(Some(route))
}

/// A host name shows one certificate. Where its components switch one after the other, that is the one of the last.
fn show_one(routes: &mut Routes, last: &Route) {
    let Some(shown) = &last.spec.tls else { return };
    let place = |route: &Route| (route.key.clone(), route.spec.matches.port, route.spec.matches.host.clone());
    for route in routes.values_mut().filter(|route| place(route) == place(last)) {
        if let Some(tls) = &mut route.spec.tls {
            (tls.certificate, tls.expires_at) = (shown.certificate, shown.expires_at);
            route.certificate.clone_from(&last.certificate);
        }
    }
}

/// Gives a route the certificate that it is to show.
async fn certify(world: &World, route: &mut Route) -> Result<(), Trouble> {
    if let Some(tls) = &mut route.spec.tls {
        *tls = enrol::resolved(world, &route.key, tls).await?;
        route.certificate = Some(world.certificates.path(&route.key, tls.certificate));
    }
    Ok(())
}

async fn upstream(world: &World, key: &EnvironmentKey, component: &ComponentName, served: &Served) -> Result<Upstream, Trouble> {
    match &served.target {
        Target::Site { root } => Ok(Upstream::Site { root: root.under(&world.releases.folder(key, component, &served.release)) }),
        Target::Database { .. } => Err(Trouble::new("ledger-damaged", format!("database {component} of {key} has a route"))),
        Target::Slot { slot } => {
            let rows = world.ledger.components(key).await?;
            let row = rows.get(component).and_then(|row| row.slots.iter().find(|row| row.slot == *slot));
            let row = row.ok_or_else(|| Trouble::new("ledger-damaged", format!("the ledger has no slot {slot} of {key}")))?;
            Ok(Upstream::Slot { slot: slot_name(key, slot), address: SocketAddr::from((Ipv4Addr::LOCALHOST, row.port)) })
        }
    }
}

fn about(record: &DeploymentRecord, at: Moment) -> About {
    About {
        deployment: record.id.clone(),
        version: record.source.version.clone(),
        commit: record.source.commit.clone(),
        branch: record.source.branch.clone(),
        deployed_at: at.to_string(),
    }
}
