//! Who may change an environment: the part of the manifest that is on record with what serves, and that hosts hold everybody to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agents::Agents;
use crate::approval::ApprovalRule;

/// Who may change an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// What agents may do.
    pub agents: Agents,
    /// Whose plans somebody has to approve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalRule>,
}

impl Policy {
    /// What is in force where `recorded` stands on record and a manifest has `wanted`: the stricter of both. So a manifest makes it stricter at
    /// once, and looser only when somebody deploys it who may do so now. Where nothing is said, agents plan, and nothing has to be approved.
    #[must_use]
    pub fn in_force(recorded: Option<&Self>, wanted: Option<&Self>) -> Self {
        let agents = recorded.into_iter().chain(wanted).map(|policy| policy.agents).min().unwrap_or(Agents::Plan);
        let rule = |policy: Option<&'_ Self>| policy.and_then(|policy| policy.approval.clone());
        Self { agents, approval: ApprovalRule::in_force(rule(recorded).as_ref(), rule(wanted).as_ref()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::Agents::{Deploy, Observe, Plan};

    #[test]
    fn the_stricter_rule_for_agents_is_in_force() {
        let policy = |agents: Option<Agents>| agents.map(|agents| Policy { agents, approval: None });
        for (recorded, wanted, expect) in [
            (None, None, Plan),
            (None, Some(Deploy), Deploy),
            (Some(Deploy), Some(Plan), Plan),
            (Some(Observe), Some(Deploy), Observe),
            (Some(Deploy), None, Deploy),
        ] {
            assert_eq!(Policy::in_force(policy(recorded).as_ref(), policy(wanted).as_ref()).agents, expect, "{recorded:?} {wanted:?}");
        }
    }
}
