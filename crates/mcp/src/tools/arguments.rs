//! What several tools take.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::Wanted;
use schemars::JsonSchema;
use serde::Deserialize;

/// Of a tool that wants nothing but a place.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) environment: EnvironmentName,
}

/// What is deployed.
pub(super) fn source(commit: Option<String>, dirty: bool) -> Wanted {
    match commit {
        Some(commit) => Wanted::Commit(commit),
        None if dirty => Wanted::WorkTree,
        None => Wanted::Default,
    }
}
