//! Where traffic goes on a simulated machine.

use async_trait::async_trait;
use plimsoll_host::Trouble;
use plimsoll_host::route::{Router, slot_name};
use plimsoll_model::plan::PortUse;
use plimsoll_model::route::{Route, Upstream};
use plimsoll_model::{EnvironmentKey, SlotId};

use super::Hands;
use crate::deed::Deed;

/// The process id of the proxy, while there is one.
const PID: u32 = 2;

#[async_trait]
impl Router for Hands {
    async fn apply(&self, routes: Vec<Route>) -> Result<(), Trouble> {
        self.effect(Deed::Apply, |state| {
            let chronicle = self.machine.chronicle();
            for (invariant, what) in state.against_routes(&routes, self.is_starting(), chronicle.now_ms()) {
                chronicle.violated(invariant, format!("on {}, {what}", self.machine.name()));
            }
            for route in &routes {
                if let Upstream::Slot { slot, .. } = &route.upstream
                    && !state.routes.iter().any(|before| before.upstream == route.upstream)
                {
                    state.undrained.insert(slot.clone());
                }
            }
            state.proxied = true;
            state.routes = routes;
            Ok(())
        })
        .await
    }

    async fn drain(&self, key: &EnvironmentKey, slot: &SlotId, _: u64) -> Result<(), Trouble> {
        let name = slot_name(key, slot);
        self.effect(Deed::Drain(slot.clone()), |state| Ok(state.undrained.remove(&name))).await.map(drop)
    }

    async fn port(&self, port: u16) -> Option<PortUse> {
        let state = self.machine.state();
        let routed = state.routes.iter().any(|route| route.spec.ports().any(|used| used == port));
        if routed { Some(PortUse::Proxy) } else { state.occupied.contains(&port).then_some(PortUse::Other) }
    }

    async fn pid(&self) -> Option<u32> {
        self.machine.state().proxied.then_some(PID)
    }

    async fn stop(&self) -> Result<(), Trouble> {
        self.alive().await;
        let mut state = self.machine.state();
        state.proxied = false;
        state.routes.clear();
        Ok(())
    }
}
