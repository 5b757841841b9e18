//! What lies outside of the hosts: clients that ask routes, and someone who may object.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use plimsoll_engine::{Milestone, Outside, RouteCheck};
use plimsoll_model::deployment::Failure;
use plimsoll_model::{DeploymentId, HostName};

use crate::stage::Stage;

/// The outside of one deployment.
pub(crate) struct Surroundings<'a> {
    pub(crate) stage: &'a Stage,
    /// Someone objects before the switch, once.
    pub(crate) objection: &'a AtomicBool,
}

#[async_trait]
impl Outside for Surroundings<'_> {
    async fn check(&self, host: &HostName, check: &RouteCheck) -> Result<(), Failure> {
        let answers = self.stage.machines().find(|machine| machine.name() == host).is_some_and(|machine| machine.answers(&check.component));
        if answers { Ok(()) } else { Err(Failure::new("route-unhealthy", format!("{} does not answer on {host}", check.component))) }
    }

    async fn reached(&self, _: &DeploymentId, milestone: Milestone) -> Result<(), Failure> {
        let objects = milestone == Milestone::BeforeSwitch && self.objection.swap(false, Ordering::Relaxed);
        if !objects {
            return Ok(());
        }
        self.stage.chronicle.count("objection before the switch");
        Err(Failure::new("hook-failed", "someone objects"))
    }
}
