//! Orders: what the coordinator tells a host to do next in a deployment.

use std::fmt;

use plimsoll_model::deployment::{Failure, Stage};
use plimsoll_model::plan::StepRef;
use plimsoll_model::time::Moment;
use serde::{Deserialize, Serialize};

/// One phase of a deployment on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// Prepare a level. Steps that are done already are left as they are.
    Prepare {
        /// Level, from 0.
        level: u32,
    },
    /// Switch a level.
    Switch {
        /// Level, from 0.
        level: u32,
    },
    /// Verify a level.
    Verify {
        /// Level, from 0.
        level: u32,
    },
    /// Promise to keep the new state until the home host has decided.
    Seal,
    /// Decide that the deployment is live. Only the home host does.
    Decide,
    /// Do what is left to do after the decision.
    Commit,
    /// Undo everything.
    RollBack {
        /// Why.
        failure: Failure,
    },
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Order::Prepare { level } => write!(f, "prepare level {}", u64::from(*level) + 1),
            Order::Switch { level } => write!(f, "switch level {}", u64::from(*level) + 1),
            Order::Verify { level } => write!(f, "verify level {}", u64::from(*level) + 1),
            Order::Seal => f.write_str("seal"),
            Order::Decide => f.write_str("decide"),
            Order::Commit => f.write_str("commit"),
            Order::RollBack { .. } => f.write_str("roll back"),
        }
    }
}

/// How a host stands after an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How far the deployment is.
    pub stage: Stage,
    /// Commit steps that did not work, after all tries.
    pub leftovers: Vec<Failure>,
}

/// Something that happened on a host while an order was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostEvent {
    /// When, by the host's clock.
    pub at: Moment,
    /// The step that it happened to.
    pub step: StepRef,
    /// The step in words, as people read it.
    pub text: String,
    /// What happened.
    pub what: What,
}

/// What happened to a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// It began.
    Begun,
    /// It is done.
    Done {
        /// How long it took, in milliseconds.
        ms: u64,
    },
    /// It failed.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// It is undone.
    Undone {
        /// How long that took, in milliseconds.
        ms: u64,
    },
}
