//! What is told while source becomes releases. How it is shown is left to who listens.

use std::fmt;

use plimsoll_model::{ComponentName, ReleaseId};
use serde::Serialize;

use crate::hooks::Moment;

/// Who listens. Called from several tasks; must not block.
pub type Notify<'a> = &'a (dyn Fn(BuildEvent) + Send + Sync);

/// A command of the project, and what it is run for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "task", content = "name", rename_all = "snake_case")]
pub enum Task {
    /// It builds a component.
    Build(ComponentName),
    /// It tests a component.
    Test(ComponentName),
    /// It is a hook.
    Hook(Moment),
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(component) => write!(f, "build of {component}"),
            Self::Test(component) => write!(f, "test of {component}"),
            Self::Hook(moment) => write!(f, "hook {moment}"),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum BuildEvent {
    /// Another run of Plimsoll uses the same folder; this one goes on when that one has ended.
    Waiting {
        /// What both want, such as `the kept source`.
        what: String,
    },
    /// A commit was checked out into the kept folder.
    CheckedOut {
        /// Its full hash.
        commit: String,
    },
    /// A release was built before, and is not built again.
    Cached {
        /// The component.
        component: ComponentName,
        /// Its release.
        release: ReleaseId,
    },
    /// A command has started.
    Started {
        /// What it is run for.
        #[serde(flatten)]
        task: Task,
        /// The command line.
        command: String,
    },
    /// A command has printed a line.
    Output {
        /// What it is run for.
        #[serde(flatten)]
        task: Task,
        /// The line, secrets taken out.
        line: String,
    },
    /// A command has ended well.
    Finished {
        /// What it was run for.
        #[serde(flatten)]
        task: Task,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// A command has failed.
    Failed {
        /// What it was run for.
        #[serde(flatten)]
        task: Task,
        /// How it ended.
        message: String,
    },
    /// A release is complete, and kept.
    Packed {
        /// The component.
        component: ComponentName,
        /// Its release.
        release: ReleaseId,
        /// How many files and links it has.
        files: usize,
        /// Sum of their sizes, in bytes.
        size: u64,
    },
}
