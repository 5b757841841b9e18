//! Putting on the home host's record what happens before a host is asked for it: what is refused here, and what is settled.

use plimsoll_engine::Fleet;
use plimsoll_model::audit::{Action, Actor, Deed, Ending};
use plimsoll_model::deployment::Failure;
use plimsoll_model::plan::{OpenDeployment, Plan};
use plimsoll_model::{EnvironmentKey, PlanHash};

use crate::{Context, OpError};

/// What was to be done.
pub(crate) struct Undone<'a> {
    /// To what.
    pub(crate) key: &'a EnvironmentKey,
    /// What it was.
    pub(crate) action: Action,
    /// By which plan, if there was one.
    pub(crate) plan: Option<PlanHash>,
    /// Why, in the words of the caller.
    pub(crate) reason: Option<&'a str>,
}

impl<'a> Undone<'a> {
    /// What a plan would have done.
    pub(crate) fn of(plan: &'a Plan, hash: PlanHash, reason: Option<&'a str>) -> Self {
        Self { key: &plan.key, action: Action::of(&plan.intent), plan: Some(hash), reason }
    }
}

/// Answers `error`, with which something was refused, after it was put on record. That it could not be does not make it another error.
pub(crate) async fn refused(context: &Context, fleet: &Fleet, what: Undone<'_>, error: OpError) -> OpError {
    let deed = Deed {
        environment: Some(what.key.clone()),
        plan: what.plan,
        reason: what.reason.map(str::to_owned),
        ..Deed::new(Actor::from(&context.holder), what.action, Ending::Refused)
    };
    let failure = Failure::new(error.code.clone(), error.message.clone());
    drop(fleet.home().note(deed.because(&failure)).await);
    error
}

/// Puts on record who settles a deployment that someone else left undecided.
///
/// # Errors
/// The home host cannot: then it cannot settle anything either.
pub(crate) async fn settling(context: &Context, fleet: &Fleet, key: &EnvironmentKey, open: &OpenDeployment) -> Result<(), OpError> {
    let deed = Deed {
        environment: Some(key.clone()),
        deployment: Some(open.id.clone()),
        note: Some(format!("left by {}", open.holder)),
        ..Deed::new(Actor::from(&context.holder), Action::Resume, Ending::Begun)
    };
    Ok(fleet.home().note(deed).await?)
}
