//! Reading what slots wrote.

use plimsoll_model::{ComponentName, EnvironmentKey, SlotId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which lines are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogQuery {
    /// The environment.
    pub key: EnvironmentKey,
    /// Only this component.
    pub component: Option<ComponentName>,
    /// How many of the last lines of each slot to begin with.
    pub tail: u32,
    /// Goes on with what is written from now on.
    pub follow: bool,
}

/// One line that a slot wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// Its component.
    pub component: ComponentName,
    /// Its slot.
    pub slot: SlotId,
    /// When it was written, ISO 8601 in UTC.
    pub at: String,
    /// `out` or `err`.
    pub stream: String,
    /// The line, without its end, secrets taken out.
    pub text: String,
}
