//! Renews the certificates that authorities issue for an environment, ahead of the host's own time.

use plimsoll_api::Enrolled;
use plimsoll_model::{EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress, hosts, project};

/// Which ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Those as well that are not due.
    pub force: bool,
}

/// How it stands with them now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// Each certificate that an authority issues for what serves; none where none does.
    pub certificates: Vec<Enrolled>,
}

/// Has the hosts renew them; what cannot be renewed serves on. Where this machine has never been a host there are none.
///
/// # Errors
/// The manifest is not right, the host cannot be reached, or an authority refuses: in its own words.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let key = loaded.key();
    let Some(fleet) = hosts::connect_existing(context, &loaded.project).await? else { return Ok(Output { key, certificates: Vec::new() }) };
    let by = plimsoll_model::audit::Actor::from(&context.holder);
    let renewed = fleet.all(|_, host| host.renew_certificates(&key, input.force, &by)).await;
    let certificates = renewed.into_values().collect::<Result<Vec<_>, _>>()?.concat();
    Ok(Output { key, certificates })
}
