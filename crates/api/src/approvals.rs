//! What can be asked about plans that have to be approved.

use plimsoll_model::EnvironmentKey;
use plimsoll_model::approval::Approval;
use plimsoll_model::deployment::Holder;
use plimsoll_model::plan::Plan;
use serde::{Deserialize, Serialize};

/// A question about the plans for an environment that have to be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalQuery {
    /// The environment.
    pub key: EnvironmentKey,
    /// What is to be done.
    pub work: ApprovalWork,
    /// Who asks.
    pub by: Holder,
}

/// What is done with approvals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum ApprovalWork {
    /// Tell which plans wait for one, or have one that was not used.
    List,
    /// Ask for one. Answers whether there is one already.
    Ask {
        /// Of this plan.
        plan: Box<Plan>,
        /// Why it is to be carried out.
        reason: Option<String>,
    },
    /// Give one. Refused when its signature is not right, or not of somebody who can approve.
    Give {
        /// The approval.
        approval: Box<Approval>,
    },
}
