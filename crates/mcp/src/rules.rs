//! What whoever started the server lets an agent do. What an environment lets agents do is judged elsewhere: by its own hosts.

use std::collections::BTreeSet;

use plimsoll_model::EnvironmentName;
use plimsoll_ops::{Exit, OpError};

/// What may be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// No tool that changes something is there.
    pub read_only: bool,
    /// The only environments that may be named; all of them when there are none.
    pub environments: BTreeSet<EnvironmentName>,
}

impl Rules {
    /// Refuses an environment that may not be named.
    pub(crate) fn judge(&self, environment: &EnvironmentName) -> Result<(), OpError> {
        if self.environments.is_empty() || self.environments.contains(environment) {
            return Ok(());
        }
        let names: Vec<&str> = self.environments.iter().map(EnvironmentName::as_str).collect();
        let message = format!("this server was started for {} alone, and {environment} is another environment", names.join(", "));
        Err(OpError::new(Exit::Refused, "environment-not-allowed", message).with_help("a person can start it with --allow-env for more"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_environments_that_are_named_are_allowed() {
        let name = |name: &str| name.parse::<EnvironmentName>().unwrap();
        let only_dev = Rules { environments: BTreeSet::from([name("dev")]), ..Rules::default() };
        for (rules, environment, expect) in [(&Rules::default(), "production", true), (&only_dev, "dev", true), (&only_dev, "production", false)] {
            assert_eq!(rules.judge(&name(environment)).is_ok(), expect, "{rules:?} {environment}");
        }
        let error = only_dev.judge(&name("production")).unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("environment-not-allowed", Exit::Refused));
    }
}
