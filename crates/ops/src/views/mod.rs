//! What outputs show of plans, deployments and records. The names of their fields are a public contract.

mod deployment;
mod plan;
mod record;
mod url;

pub use deployment::{ComponentView, DeploymentView};
pub use plan::PlanView;
pub use record::RecordView;
pub(crate) use url::url;
