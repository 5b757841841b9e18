//! A deployment, as who asked for it is told of its end.

use plimsoll_model::deployment::{Failure, Outcome};
use plimsoll_model::plan::{Change, DesiredComponent, Intent, Plan};
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey, HostName, PlanHash, ReleaseId};
use schemars::JsonSchema;
use serde::Serialize;

use super::url;

/// How a deployment ended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DeploymentView {
    /// Its name; none when there was nothing to do.
    pub id: Option<DeploymentId>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, all in all, in milliseconds.
    pub duration_ms: u64,
    /// The plan that it executed.
    pub plan: PlanHash,
    /// What it was for.
    #[serde(flatten)]
    pub intent: Intent,
    /// What it changed.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The commit that it was made from.
    pub commit: Option<String>,
    /// What people call that.
    pub version: String,
    /// It was made from a work tree with changes that are in no commit.
    pub dirty: bool,
    /// Every component of the environment, changed or not.
    pub components: Vec<ComponentView>,
    /// What is left to do on a host and does no harm.
    pub leftovers: Vec<Failure>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// What a deployment did to a component.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ComponentView {
    /// Its name.
    pub name: ComponentName,
    /// What changed.
    pub change: Change,
    /// The release that the plan has for it; none when it goes away.
    pub release: Option<ReleaseId>,
    /// Where a person finds it.
    pub url: Option<String>,
}

impl ComponentView {
    /// All components of `plan`, by name.
    #[must_use]
    pub(crate) fn all(plan: &Plan) -> Vec<Self> {
        let changes = plan.changes();
        let wanted = plan.desired.components.iter().map(|(name, wanted)| Self {
            name: name.clone(),
            change: changes.get(name).copied().unwrap_or(Change::None),
            release: Some(wanted.release),
            url: wanted.route.as_ref().map(|route| url(found_on(plan, wanted), route)),
        });
        let gone = changes.iter().filter(|(name, _)| !plan.desired.components.contains_key(name));
        let gone = gone.map(|(name, change)| Self { name: name.clone(), change: *change, release: None, url: None });
        let mut all: Vec<Self> = wanted.chain(gone).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }
}

/// One of the hosts that it goes to, the home host where that is one.
fn found_on<'a>(plan: &'a Plan, wanted: &DesiredComponent) -> &'a HostName {
    let mut hosts = [&plan.home].into_iter().chain(plan.expects.keys());
    hosts.find(|host| wanted.is_for(host)).unwrap_or(&plan.home)
}
