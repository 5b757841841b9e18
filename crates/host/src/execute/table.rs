//! The host's routing table: what serves, as the proxy is told.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::plan::{Served, Target};
use plimsoll_model::route::{About, Match, Route, Upstream};
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, EnvironmentKey};
use tokio::sync::Mutex;

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
}

/// The routes as they are to be.
#[derive(Default)]
struct Routing {
    routes: Routes,
    /// The proxy may have others: it was told, and whether it has taken them was not heard.
    doubtful: bool,
}

impl Routing {
    /// Makes the proxy have these routes.
    async fn become_these(&mut self, world: &World, routes: &Routes) -> Result<(), Trouble> {
        self.doubtful = true;
        world.router.apply(routes.values().cloned().collect()).await?;
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
                let since = row.since.unwrap_or(Moment(0));
                if let Some(route) = route(world, &key, &component, served, None, since).await? {
                    recorded.insert((key.clone(), component), route);
                }
            }
        }
        // Also when it is not known to have them: the next switch must not take away what it does not change.
        routing.routes = recorded.clone();
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
        let mut routing = self.routes.lock().await;
        let mut after = routing.routes.clone();
        let name = (key.clone(), component.clone());
        let route = match served {
            Some(served) => route(world, key, component, served, by, world.clock.now()).await?,
            None => None,
        };
        match route {
            Some(route) => after.insert(name, route),
            None => after.remove(&name),
        };
        if after != routing.routes || routing.doubtful {
            routing.become_these(world, &after).await?;
            routing.routes = after;
        }
        Ok(())
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
    let certificate = spec.tls.as_ref().map(|tls| world.certificates.path(key, tls.certificate));
    Ok(Some(Route { key: key.clone(), component: component.clone(), spec, upstream, certificate, about }))
}

async fn upstream(world: &World, key: &EnvironmentKey, component: &ComponentName, served: &Served) -> Result<Upstream, Trouble> {
    match &served.target {
        Target::Site { root } => Ok(Upstream::Site { root: root.under(&world.releases.folder(key, component, &served.release)) }),
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
