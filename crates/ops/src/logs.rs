//! Streams what slots write.

use plimsoll_model::{ComponentName, EnvironmentName};
use serde::{Deserialize, Serialize};

/// Which lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this component.
    #[serde(default)]
    pub component: Option<ComponentName>,
    /// How many of the last lines of each slot to begin with.
    pub tail: u32,
    /// Goes on with what is written from now on, until the context is cancelled or nobody listens.
    #[serde(default)]
    pub follow: bool,
}
