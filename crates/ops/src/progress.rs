//! What an operation tells while it goes on.

use plimsoll_engine::Note;
use plimsoll_model::plan::{Estimates, Plan};
use plimsoll_model::{ComponentName, DeploymentId, PlanHash};
use serde::Serialize;
use tokio::sync::mpsc;

/// Where events go. A reader that is gone disturbs nothing.
pub type Progress = mpsc::UnboundedSender<Event>;

/// Something that happened in an operation, as it happens.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A deployment that was cut off is being settled first.
    Settling {
        /// Its name.
        deployment: DeploymentId,
        /// Who had run it.
        holder: String,
    },
    /// The plan is made.
    Planned {
        /// Its hash.
        hash: PlanHash,
        /// What it will do.
        plan: Box<Plan>,
        /// How long it should take.
        estimates: Estimates,
    },
    /// A component is being built or tested.
    Building {
        /// The component.
        component: ComponentName,
        /// What is done: `build` or `test`.
        what: String,
    },
    /// A line of output of a build, a test or a hook; secrets taken out.
    Output {
        /// Where it comes from: a component's name, or `hook`.
        source: String,
        /// The line.
        line: String,
    },
    /// A component is built or tested.
    Built {
        /// The component.
        component: ComponentName,
        /// What was done.
        what: String,
        /// How long it took, in milliseconds.
        ms: u64,
    },
    /// Something that the deployment itself tells.
    Deployment(Note),
    /// Something to know that changes nothing.
    Notice {
        /// What.
        message: String,
    },
}
