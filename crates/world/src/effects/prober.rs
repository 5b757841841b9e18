//! Asking what runs on a simulated machine.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_host::probe::{Page, Prober};
use plimsoll_model::plan::Step;

use super::Hands;
use crate::books::Active;
use crate::machine::Behaviour;

/// What comes back.
enum Answer {
    Good,
    Refused,
    Silence,
}

#[async_trait]
impl Prober for Hands {
    async fn get(&self, page: &Page<'_>, timeout_ms: u64) -> Result<u16, String> {
        self.connect(page.address, timeout_ms).await.map(|()| 200)
    }

    async fn connect(&self, address: SocketAddr, timeout_ms: u64) -> Result<(), String> {
        self.alive().await;
        let slot = self.machine.state().slot_at(address.port());
        let asks = |active: &Active<'_>| match active.step {
            Step::AwaitHealthy { slot: asked, .. } => !active.undo && Some(asked) == slot.as_ref(),
            Step::CheckRoute { matches, .. } => !active.undo && matches.port == address.port(),
            _ => false,
        };
        self.work(asks).await.map_err(|trouble| trouble.message)?;
        match self.answer(address.port()) {
            Answer::Good => Ok(()),
            Answer::Refused => Err("connection refused".into()),
            Answer::Silence => {
                tokio::time::sleep(Duration::from_millis(timeout_ms)).await;
                Err("no answer".into())
            }
        }
    }
}

impl Hands {
    fn answer(&self, port: u16) -> Answer {
        let now = self.machine.chronicle().now_ms();
        let state = self.machine.state();
        let routed = state.routes.iter().find(|route| route.spec.matches.port == port);
        if routed.is_some_and(|route| state.would_answer(&route.upstream, now)) {
            return Answer::Good;
        }
        match state.at_port(port) {
            Some(process) if state.is_well(process, now) => Answer::Good,
            Some(process) if process.frozen || state.behaviour(&process.row) == Behaviour::NeverHealthy => Answer::Silence,
            Some(_) | None => Answer::Refused,
        }
    }
}
