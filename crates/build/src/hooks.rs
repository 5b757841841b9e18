//! The project's own commands at certain moments of a deployment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use plimsoll_model::manifest::project;
use plimsoll_model::secret::Redactor;
use serde::Serialize;

use crate::script::Script;
use crate::{BuildError, Cache, Notify, Task};

/// How long a hook may take unless told otherwise, in milliseconds.
pub const LIMIT_MS: u64 = 10 * 60 * 1000;

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Before anything is built.
    BeforeBuild,
    /// After all is prepared, before the first route is switched.
    BeforeSwitch,
    /// After the commit.
    AfterCommit,
    /// After a roll back.
    AfterRollback,
}

impl Moment {
    /// The command that `hooks` has for it.
    #[must_use]
    pub fn command(self, hooks: &project::Hooks) -> Option<&str> {
        match self {
            Self::BeforeBuild => hooks.before_build.as_deref(),
            Self::BeforeSwitch => hooks.before_switch.as_deref(),
            Self::AfterCommit => hooks.after_commit.as_deref(),
            Self::AfterRollback => hooks.after_rollback.as_deref(),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeBuild => "before_build",
            Self::BeforeSwitch => "before_switch",
            Self::AfterCommit => "after_commit",
            Self::AfterRollback => "after_rollback",
        })
    }
}

/// A hook, and what it is to know.
pub struct Hook<'a> {
    /// When it runs.
    pub moment: Moment,
    /// The command line.
    pub command: &'a str,
    /// The project's folder: where it runs.
    pub folder: &'a Path,
    /// The deployment's facts, such as `PLIMSOLL_OUTCOME`, as it finds them in its environment.
    pub facts: &'a BTreeMap<String, String>,
    /// How long it may take, in milliseconds.
    pub limit_ms: u64,
    /// Where its log goes.
    pub cache: &'a Cache,
    /// Knows what must not be shown.
    pub redactor: &'a Redactor,
    /// Who is told.
    pub notify: Notify<'a>,
}

/// Runs a hook to its end. Dropping the future kills it, and all that it started.
///
/// # Errors
/// It cannot be started, fails, or takes too long.
pub async fn run(hook: &Hook<'_>) -> Result<(), BuildError> {
    let task = Task::Hook(hook.moment);
    let script = Script {
        log: hook.cache.log(&task),
        task,
        command: hook.command,
        folder: hook.folder.to_path_buf(),
        facts: hook.facts.clone(),
        limit_ms: Some(hook.limit_ms),
        redactor: hook.redactor,
        notify: hook.notify,
    };
    script.run().await
}
