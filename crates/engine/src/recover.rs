//! Settling what was cut off: the decision is on the home host, and every host is driven to it.

use plimsoll_api::{HostApi, HostError, Order};
use plimsoll_model::deployment::{Failure, Outcome, Stage};
use plimsoll_model::plan::OpenDeployment;
use plimsoll_model::{DeploymentId, EnvironmentKey};
use tokio::sync::mpsc;

use crate::Fleet;

/// How far back the home host is asked for a decision.
const HISTORY: u32 = 200;

/// What settling came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The deployment.
    pub id: DeploymentId,
    /// How it ended.
    pub outcome: Outcome,
    /// What is left to do on a host and does no harm.
    pub leftovers: Vec<Failure>,
}

/// Drives `open`, found on some host, to the decision on the home host; where there is none, back.
///
/// # Errors
/// When a host cannot be reached, or could not undo everything.
pub async fn settle(fleet: &Fleet, key: &EnvironmentKey, open: &OpenDeployment) -> Result<Settled, HostError> {
    let order = if decided(fleet, key, &open.id).await? {
        Order::Commit
    } else {
        let failure = Failure::new("cut-off", format!("the deployment of {} was cut off", open.holder)).with_help("deploy again");
        Order::RollBack { failure }
    };
    let outcome = if order == Order::Commit { Outcome::Committed } else { Outcome::RolledBack };
    let mut leftovers = Vec::new();
    for (name, answer) in fleet.all(|_, host| drive(host, &open.id, order.clone())).await {
        leftovers.extend(answer.map_err(|error| told_by(&name, error))?);
    }
    Ok(Settled { id: open.id.clone(), outcome, leftovers })
}

/// Whether the home host has decided that the deployment is live.
pub(crate) async fn decided(fleet: &Fleet, key: &EnvironmentKey, id: &DeploymentId) -> Result<bool, HostError> {
    let history = fleet.home().history(key, HISTORY).await?;
    let record = history.iter().find(|record| record.id == *id);
    Ok(record.is_some_and(|record| matches!(record.stage, Stage::Committing | Stage::Closed { outcome: Outcome::Committed })))
}

async fn drive(host: &dyn HostApi, id: &DeploymentId, order: Order) -> Result<Vec<Failure>, HostError> {
    let (nobody, _) = mpsc::unbounded_channel();
    match host.order(id, order, nobody).await {
        Ok(report) => Ok(report.leftovers),
        // The cut came before this host had heard of it, or it settled it alone long ago.
        Err(HostError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn told_by(name: &plimsoll_model::HostName, error: HostError) -> HostError {
    match error {
        HostError::Failed(failure) => HostError::Failed(Failure { message: format!("{name}: {}", failure.message), ..failure }),
        other => other,
    }
}
