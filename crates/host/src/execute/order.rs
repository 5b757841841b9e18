//! Orders of the coordinator, and what a host does when they stop coming.

use std::sync::Arc;

use plimsoll_api::{Events, HostError, Order, Report};
use plimsoll_model::audit::LEASE_EXPIRED;
use plimsoll_model::deployment::{Event, Failure, Outcome, Stage};
use plimsoll_model::plan::Phase;

use super::{Deployment, Table, commit, phase, roll_back};

/// Carries out one order. Orders of one deployment wait for each other, except that a roll back cuts off what is under way.
pub(crate) async fn carry_out(deployment: &Deployment, table: &Table, order: Order, events: &Events) -> Result<Report, HostError> {
    if matches!(order, Order::RollBack { .. }) {
        judge_roll_back(deployment).await?;
        deployment.abandoned.cancel();
    }
    let _turn = deployment.turn.lock().await;
    let leftovers = match order {
        Order::Prepare { level } => forward(deployment, table, level, Phase::Prepare, events).await?,
        Order::Switch { level } => forward(deployment, table, level, Phase::Switch, events).await?,
        Order::Verify { level } => forward(deployment, table, level, Phase::Verify, events).await?,
        Order::Seal => seal(deployment).await?,
        Order::Decide => decide(deployment).await?,
        Order::Commit => finish(deployment, table, events).await?,
        Order::RollBack { failure } => back(deployment, table, failure, events).await?,
    };
    Ok(Report { stage: deployment.stage().await, leftovers })
}

type Leftovers = Result<Vec<Failure>, HostError>;

async fn forward(deployment: &Deployment, table: &Table, level: u32, phase: Phase, events: &Events) -> Leftovers {
    judge_running(deployment).await?;
    tokio::select! {
        biased;
        () = deployment.abandoned.cancelled() => Err(HostError::LeaseLost(deployment.id().clone())),
        done = phase::run(deployment, table, level, phase, events) => done.map(|()| Vec::new()).map_err(HostError::Failed),
    }
}

async fn seal(deployment: &Deployment) -> Leftovers {
    if deployment.stage().await != Stage::Sealed {
        judge_running(deployment).await?;
        deployment.journal.record(Event::Sealed, &[]).await.map_err(HostError::Refused)?;
    }
    Ok(Vec::new())
}

/// On the home host, seal and decision are one record.
async fn decide(deployment: &Deployment) -> Leftovers {
    match deployment.stage().await {
        Stage::Committing | Stage::Closed { outcome: Outcome::Committed } => return Ok(Vec::new()),
        Stage::Running => judge_running(deployment).await?,
        _ => {}
    }
    deployment.journal.record(Event::Decided, &[]).await.map(|()| Vec::new()).map_err(HostError::Refused)
}

async fn finish(deployment: &Deployment, table: &Table, events: &Events) -> Leftovers {
    match deployment.stage().await {
        Stage::Closed { outcome: Outcome::Committed } => return Ok(Vec::new()),
        // A host that was not home learns of the decision by this order.
        Stage::Sealed => deployment.journal.record(Event::Decided, &[]).await.map_err(HostError::Internal)?,
        Stage::Committing => {}
        Stage::Running => {
            return Err(HostError::Unfit(format!("deployment {} is running: nothing is committed before the decision", deployment.id())));
        }
        _ => return Err(HostError::LeaseLost(deployment.id().clone())),
    }
    commit::run(deployment, table, events).await.map_err(HostError::Internal)
}

async fn back(deployment: &Deployment, table: &Table, failure: Failure, events: &Events) -> Leftovers {
    if matches!(deployment.stage().await, Stage::Closed { outcome: Outcome::RolledBack }) {
        return Ok(Vec::new());
    }
    judge_roll_back(deployment).await?;
    roll_back::run(deployment, table, failure, events).await.map(|()| Vec::new()).map_err(HostError::Failed)
}

async fn judge_running(deployment: &Deployment) -> Result<(), HostError> {
    let lost = deployment.expired() || deployment.abandoned.is_cancelled();
    match deployment.stage().await {
        Stage::Running if !lost => Ok(()),
        Stage::Running | Stage::RollingBack { .. } | Stage::Closed { outcome: Outcome::RolledBack } => {
            Err(HostError::LeaseLost(deployment.id().clone()))
        }
        stage => Err(HostError::Unfit(format!("deployment {} is {stage}", deployment.id()))),
    }
}

async fn judge_roll_back(deployment: &Deployment) -> Result<(), HostError> {
    match deployment.stage().await {
        stage @ (Stage::Committing | Stage::Closed { outcome: Outcome::Committed }) => {
            Err(HostError::Unfit(format!("deployment {} is {stage}: nothing is undone after the decision", deployment.id())))
        }
        _ => Ok(()),
    }
}

/// Waits until the lease has really ended, then rolls back what was not sealed by then, and does the rest of what was decided.
pub(crate) async fn watch_lease(deployment: Arc<Deployment>, table: Arc<Table>) {
    let mut lease = deployment.lease();
    loop {
        let until = *lease.borrow_and_update();
        tokio::select! {
            biased;
            changed = lease.changed() => if changed.is_err() { return },
            () = tokio::time::sleep_until(until) => break,
        }
    }
    if deployment.stage().await != Stage::Running {
        return settle(&deployment, &table).await;
    }
    let (nobody, _) = tokio::sync::mpsc::unbounded_channel();
    let failure = Failure::new(LEASE_EXPIRED, format!("the lease of {} ran out", deployment.stored.record.holder))
        .with_help("its process is gone or was cut off; deploy again");
    report(&deployment, carry_out(&deployment, &table, Order::RollBack { failure }, &nobody).await);
}

/// Brings a deployment that nobody conducts any more, such as one found in the ledger at start, as far as this host can bring it
/// alone.
pub(crate) async fn settle(deployment: &Deployment, table: &Table) {
    let (nobody, _) = tokio::sync::mpsc::unbounded_channel();
    let order = match deployment.stage().await {
        Stage::Committing => Order::Commit,
        Stage::RollingBack { failure } => Order::RollBack { failure },
        Stage::Running | Stage::Sealed | Stage::Closed { .. } => return,
    };
    report(deployment, carry_out(deployment, table, order, &nobody).await);
}

fn report(deployment: &Deployment, result: Result<Report, HostError>) {
    match result {
        Ok(report) => tracing::info!(deployment = %deployment.id(), stage = %report.stage, "settled"),
        Err(error) => tracing::error!(deployment = %deployment.id(), %error, "not settled"),
    }
}
