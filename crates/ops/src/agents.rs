//! Holding agents to what an environment lets them do, before any host is asked for it.

use plimsoll_api::Look;
use plimsoll_engine::Fleet;
use plimsoll_model::agents::{Agents, SURFACE};
use plimsoll_model::{EnvironmentKey, Policy};

use crate::project::Loaded;
use crate::{Context, Exit, OpError};

/// Refuses an agent that needs more than it may.
pub(crate) fn judge(context: &Context, allowed: Agents, needed: Agents, key: &EnvironmentKey) -> Result<(), OpError> {
    allowed.judge(&context.holder.surface, needed, key).map_err(|failure| OpError::from_failure(Exit::Refused, failure))
}

/// Refuses an agent that may not change the environment, for what has no plan.
pub(crate) async fn may_change(context: &Context, fleet: &Fleet, loaded: &Loaded) -> Result<(), OpError> {
    if context.holder.surface != SURFACE {
        return Ok(());
    }
    let key = loaded.key();
    let recorded = fleet.home().observe(Look::at(key.clone())).await?.policy;
    let policy = Policy::in_force(recorded.as_ref(), Some(&loaded.project.environment.policy));
    judge(context, policy.agents, Agents::Deploy, &key)
}
