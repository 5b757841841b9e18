//! What AI agents may do in an environment.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::EnvironmentKey;
use crate::deployment::Failure;

/// The surface by which agents come.
pub const SURFACE: &str = "mcp";

/// What agents may do, each with all that stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agents {
    /// See what is there.
    Observe,
    /// See what would be done.
    Plan,
    /// Do it.
    Deploy,
}

impl Agents {
    /// Whether one who comes by `surface` may do what `needed` says.
    ///
    /// # Errors
    /// It is an agent, and this is more than agents may.
    pub fn judge(self, surface: &str, needed: Self, key: &EnvironmentKey) -> Result<(), Failure> {
        if surface != SURFACE || self >= needed {
            return Ok(());
        }
        let message = match self {
            Self::Observe => format!("in {key}, agents may see what is there, and nothing else"),
            Self::Plan | Self::Deploy => format!("in {key}, agents may plan, and nothing else"),
        };
        let help = format!(
            "ask a person to do it: plimsoll deploy {0}, with --plan and the hash of a plan that you have shown; or to allow it: `agents = \"{needed}\"` in \
             [environments.{0}] is in force once a person has deployed it",
            key.environment
        );
        Err(Failure::new("agents-not-allowed", message).with_help(help))
    }
}

impl fmt::Display for Agents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Observe => "observe",
            Self::Plan => "plan",
            Self::Deploy => "deploy",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Agents::{Deploy, Observe, Plan};
    use super::*;

    #[test]
    fn only_agents_are_held_back() {
        let key = EnvironmentKey { project: "shop".parse().unwrap(), environment: "dev".parse().unwrap() };
        for (surface, allowed, needed, expect) in [
            ("cli", Observe, Deploy, true),
            (SURFACE, Deploy, Deploy, true),
            (SURFACE, Plan, Deploy, false),
            (SURFACE, Plan, Plan, true),
            (SURFACE, Observe, Plan, false),
        ] {
            assert_eq!(allowed.judge(surface, needed, &key).is_ok(), expect, "{surface} {allowed} {needed}");
        }
    }
}
