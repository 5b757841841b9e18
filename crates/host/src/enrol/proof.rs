//! How a host name is proven: a site of one file below the path that authorities ask for, as a route beside all others. So whatever leads
//! traffic on the host shows it, and knows nothing of authorities.

use async_trait::async_trait;
use plimsoll_acme::Prover;
use plimsoll_model::DeploymentId;
use plimsoll_model::route::{About, Match, Route, RouteSpec, Upstream};

use super::Wanted;
use crate::execute::Table;
use crate::trouble::Trouble;
use crate::world::World;

/// Where authorities look (RFC 8555, 8.3).
const PLACE: &str = "/.well-known/acme-challenge";

/// Where the proof for one certificate stands.
pub(super) struct Stand<'a> {
    pub(super) world: &'a World,
    pub(super) table: &'a Table,
    pub(super) wanted: &'a Wanted,
}

#[async_trait]
impl Prover for Stand<'_> {
    async fn show(&self, token: &str, text: &str) -> Result<(), String> {
        let shown = async {
            let root = self.world.enrolments.show(token, text).await?;
            self.table.prove(self.world, Some(route(self.wanted, Upstream::Site { root }, self.world))).await
        };
        shown.await.map_err(|trouble| trouble.message)
    }
}

impl Stand<'_> {
    /// Takes it away. A proof that stays proves nothing anew, so what goes wrong is logged.
    pub(super) async fn clear(&self) {
        if let Err(trouble) = clear(self.world, self.table).await {
            tracing::warn!(%trouble, host = self.wanted.enrolment.host, "a proof could not be taken away");
        }
    }
}

/// Takes away what was left standing when asking was broken off.
pub(crate) async fn hide(world: &World, table: &Table) -> Result<(), Trouble> {
    let _asking = table.asking.lock().await;
    clear(world, table).await
}

async fn clear(world: &World, table: &Table) -> Result<(), Trouble> {
    table.prove(world, None).await?;
    world.enrolments.hide().await
}

fn route(wanted: &Wanted, upstream: Upstream, world: &World) -> Route {
    let matches = Match { port: wanted.port, host: Some(wanted.enrolment.host.clone()), path: PLACE.into() };
    let spec = RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 60_000, tls: None };
    let about = About {
        deployment: DeploymentId::new("proof").expect("a word makes a name"),
        version: String::new(),
        commit: None,
        branch: None,
        deployed_at: world.clock.now().to_string(),
    };
    // None of the environment's own is behind it.
    let component = "plimsoll-proof".parse().expect("words and a hyphen make a name");
    Route { key: wanted.key.clone(), component, spec, upstream, certificate: None, about }
}
