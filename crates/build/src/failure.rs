//! How a command of the project came to a bad end.

use std::fmt;
use std::path::PathBuf;

use crate::Task;

/// A command that failed, or was ended because it took too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {task} {end}: `{command}`{}", quote(tail))]
pub struct Failure {
    /// What it was run for.
    pub task: Task,
    /// The command line, secrets taken out.
    pub command: String,
    /// How it ended.
    pub end: End,
    /// Its last lines, secrets taken out.
    pub tail: Vec<String>,
    /// The file with all that it printed.
    pub log: PathBuf,
}

/// A bad end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It ended with this exit code.
    Exit(i32),
    /// A signal ended it.
    Signal(i32),
    /// It had so many milliseconds, and took longer.
    Limit(u64),
}

impl Failure {
    /// A stable name of the kind of failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.task {
            Task::Build(_) => "build-failed",
            Task::Test(_) => "test-failed",
            Task::Hook(_) => "hook-failed",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "failed with exit code {code}"),
            Self::Signal(number) => write!(f, "was ended by signal {number}"),
            Self::Limit(ms) => write!(f, "took longer than {ms} ms and was ended"),
        }
    }
}

fn quote(tail: &[String]) -> String {
    tail.iter().map(|line| format!("\n  | {line}")).collect()
}
