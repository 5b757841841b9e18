//! One use case per file: what every surface calls.
//!
//! An operation takes typed input and gives typed output, tells its progress as events, and fails with an [`OpError`]
//! that knows its exit code. Nothing here prints, asks, or reads the environment: the surface puts all of that into a [`Context`].
//!
//! Each operation is a public module with `Input`, `Output` and `run`; what is no operation is a private one. All have the shape
//!
//! ```text
//! pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError>
//! ```
//!
//! but for three that change an environment and one that streams:
//!
//! ```text
//! deploy, down, rollback:  run(context, input, approve: &dyn Approve, progress) -> Result<Output, OpError>
//! logs:                    run(context, input, lines: tokio::sync::mpsc::Sender<LogLine>) -> Result<(), OpError>
//! ```
//!
//! The fields of outputs are the `details` of the command line's JSON answers: a public contract.

mod approve;
pub mod check;
mod context;
pub mod deploy;
pub mod down;
mod error;
pub mod history;
pub mod host_facts;
pub mod host_stop;
mod hosts;
pub mod init;
pub mod logs;
mod outside;
pub mod plan;
mod progress;
mod project;
mod proposal;
mod request;
pub mod resume;
pub mod rollback;
pub mod schema;
mod secrets;
mod settle;
pub mod show;
pub mod status;
mod undertaking;
mod views;
mod workbench;

pub use approve::{Always, Approve, Never};
pub use context::Context;
pub use error::{Exit, OpError};
pub use plimsoll_api::{Facts, HostEvent, LogLine, What};
pub use plimsoll_build::{Tests, Wanted};
pub use plimsoll_engine::Note;
pub use progress::{Event, Progress};
pub use views::{ComponentView, DeploymentView, PlanView, RecordView};

/// Every operation, by name. Each surface offers all of them.
pub const OPERATIONS: &[&str] =
    &["check", "deploy", "down", "history", "host_facts", "host_stop", "init", "logs", "plan", "resume", "rollback", "schema", "show", "status"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The operations are the files, or folders, that have a `run` for surfaces to call.
    fn files() -> BTreeSet<String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let entries = source.read_dir().unwrap().map(|entry| entry.unwrap().path());
        let runs = |path: &Path| {
            let file = if path.is_dir() { path.join("mod.rs") } else { path.to_path_buf() };
            std::fs::read_to_string(file).is_ok_and(|text| text.contains("\npub async fn run("))
        };
        entries.filter(|path| runs(path)).map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_operation_is_listed_once_and_public() {
        assert!(OPERATIONS.is_sorted());
        assert_eq!(OPERATIONS.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), files().into_iter().collect::<Vec<_>>());
        let lines = include_str!("lib.rs");
        let public: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
        assert_eq!(public, OPERATIONS);
    }

    fn sent<F: Future + Send>(_: impl Fn(&'static Context, &'static Progress) -> F) {}

    #[test]
    fn operations_can_be_run_by_any_thread() {
        let environment = || plimsoll_model::EnvironmentName::new("local").unwrap();
        sent(|context, progress| plan::run(context, plan::Input { environment: environment(), source: Wanted::Default }, progress));
        sent(|context, progress| resume::run(context, resume::Input { environment: environment() }, progress));
        sent(|context, progress| status::run(context, status::Input { environment: environment() }, progress));
        let input = |environment| rollback::Input { environment, to: rollback::Target::Last, expect_plan: None, reason: None };
        sent(move |context, progress| rollback::run(context, input(environment()), &Always, progress));
        let input = |environment| deploy::Input { environment, source: Wanted::Default, tests: Tests::Full, expect_plan: None, reason: None };
        sent(move |context, progress| deploy::run(context, input(environment()), &Always, progress));
    }
}
