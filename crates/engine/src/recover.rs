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

/// What has become of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The deployment is live.
    Taken,
    /// It may still be taken.
    Open,
    /// It cannot be taken any more.
    Withdrawn,
}

/// Drives `open`, found on some host, to the decision on the home host; where there is none, back.
///
/// # Errors
/// When a host cannot be reached, or could not undo everything.
pub async fn settle(fleet: &Fleet, key: &EnvironmentKey, open: &OpenDeployment) -> Result<Settled, HostError> {
    let failure = Failure::new("cut-off", format!("the deployment of {} was cut off", open.holder)).with_help("deploy again");
    let back = Order::RollBack { failure };
    let (order, outcome) = match withdraw(fleet, key, &open.id, &back).await? {
        Decision::Taken => (Order::Commit, Outcome::Committed),
        Decision::Open | Decision::Withdrawn => (back, Outcome::RolledBack),
    };
    let mut leftovers = Vec::new();
    for (name, answer) in fleet.all(|_, host| drive(host, &open.id, order.clone())).await {
        leftovers.extend(answer.map_err(|error| told_by(&name, error))?);
    }
    Ok(Settled { id: open.id.clone(), outcome, leftovers })
}

/// Makes sure that the decision is taken or cannot be any more. While it might, in some late message, no other host may roll back.
async fn withdraw(fleet: &Fleet, key: &EnvironmentKey, id: &DeploymentId, back: &Order) -> Result<Decision, HostError> {
    let before = decision(fleet, key, id).await?;
    if before != Decision::Open {
        return Ok(before);
    }
    let answer = drive(fleet.home(), id, back.clone()).await;
    match (decision(fleet, key, id).await?, answer) {
        (Decision::Open, Err(error)) => Err(told_by(&fleet.home, error)),
        (Decision::Open, Ok(_)) => Err(HostError::Unfit(format!("{} neither decides {id} nor rolls it back", fleet.home))),
        (known, _) => Ok(known),
    }
}

/// What the home host has on record of the decision.
pub(crate) async fn decision(fleet: &Fleet, key: &EnvironmentKey, id: &DeploymentId) -> Result<Decision, HostError> {
    let history = fleet.home().history(key, HISTORY).await?;
    Ok(match history.iter().find(|record| record.id == *id).map(|record| &record.stage) {
        Some(Stage::Committing | Stage::Closed { outcome: Outcome::Committed }) => Decision::Taken,
        Some(Stage::Running | Stage::Sealed) => Decision::Open,
        Some(Stage::RollingBack { .. } | Stage::Closed { .. }) | None => Decision::Withdrawn,
    })
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
