//! A plan, as it is shown before it is carried out.

use std::collections::BTreeMap;

use plimsoll_model::approval::ApprovalRule;
use plimsoll_model::finding::Finding;
use plimsoll_model::plan::{Change, Estimates, Intent, Level, Observed, Plan};
use plimsoll_model::source::Source;
use plimsoll_model::{ComponentName, EnvironmentKey, HostName, PlanHash, Policy, ReleaseId, StateHash};
use schemars::JsonSchema;
use serde::Serialize;

/// A plan with its hash.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PlanView {
    /// Names the plan: to run just this one, `deploy` takes it.
    pub hash: PlanHash,
    /// What it is for.
    #[serde(flatten)]
    pub intent: Intent,
    /// What it changes.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// What the releases are made from.
    pub source: Source,
    /// Whether there is nothing to do.
    pub empty: bool,
    /// The components that get steps, each with the reason.
    pub changes: BTreeMap<ComponentName, Change>,
    /// The releases that are not on every host yet: they are taken from the cache, or built.
    pub builds: BTreeMap<ComponentName, ReleaseId>,
    /// What is done, level by level, on each host.
    pub levels: Vec<Level>,
    /// The hosts of each rolling component that changes, batch by batch.
    pub batches: BTreeMap<ComponentName, Vec<Vec<HostName>>>,
    /// The state that each host must be in.
    pub expects: BTreeMap<HostName, StateHash>,
    /// Who may change it from then on, where that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Whose plans have to be approved, this one's among them where it fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalRule>,
    /// How long it should take.
    pub estimates: Estimates,
    /// What its migrations would do to databases that are in use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

impl PlanView {
    /// Shows `plan`, made for hosts that were `seen` so.
    #[must_use]
    pub fn of(plan: &Plan, seen: &BTreeMap<HostName, Observed>) -> Self {
        Self {
            hash: plan.hash(),
            intent: plan.intent.clone(),
            key: plan.key.clone(),
            source: plan.source.clone(),
            empty: plan.is_empty(),
            changes: plan.changes(),
            builds: plan.lacking(seen),
            levels: plan.levels.clone(),
            batches: plan.batches(),
            expects: plan.expects.clone(),
            policy: plan.policy.clone(),
            approval: None,
            estimates: plan.estimates(seen),
            findings: Vec::new(),
        }
    }
}
