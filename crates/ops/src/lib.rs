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
//! but for four that want a person's yes, one that streams and one that has a person edit a text:
//!
//! ```text
//! approve, deploy, down, rollback:  run(context, input, approve: &dyn Approve, progress) -> Result<Output, OpError>
//! logs:                             run(context, input, lines: tokio::sync::mpsc::Sender<LogLine>) -> Result<(), OpError>
//! secrets_edit:                     run(context, input, revise: &dyn Revise, progress) -> Result<Output, OpError>
//! ```
//!
//! The fields of outputs are the `details` of the command line's JSON answers: a public contract.

mod advice;
mod agents;
mod answer;
mod answers;
pub mod approvals;
pub mod approve;
pub mod audit_export;
pub mod audit_list;
pub mod audit_verify;
pub mod backup_copies;
pub mod backup_copy;
pub mod backup_create;
pub mod backup_fetch;
pub mod backup_list;
pub mod backup_prune;
pub mod backup_restore;
pub mod backup_verify;
mod backups;
mod bring;
mod certificates;
pub mod certs_check;
pub mod certs_list;
pub mod certs_renew;
pub mod check;
mod consent;
mod context;
pub mod deploy;
pub mod down;
mod error;
mod examine;
pub mod history;
pub mod host_add;
pub mod host_doctor;
pub mod host_facts;
pub mod host_keys_rotate;
pub mod host_provision;
pub mod host_remove;
pub mod host_stop;
pub mod host_upgrade;
mod hosts;
pub mod init;
pub mod logs;
pub mod mcp_install;
pub mod migrate_check;
pub mod migrate_down;
pub mod migrate_new;
pub mod migrate_redo;
pub mod migrate_status;
pub mod migrate_up;
mod migrating;
mod migrations;
mod on_record;
mod outside;
pub mod plan;
mod progress;
mod project;
mod proposal;
mod request;
mod restoring;
pub mod resume;
mod rewrite;
pub mod rollback;
mod run_log;
pub mod schema;
mod secrets;
pub mod secrets_edit;
pub mod secrets_list;
pub mod secrets_rekey;
pub mod secrets_set;
pub mod secrets_unset;
mod settle;
pub mod show;
pub mod simulate;
pub mod snapshot_create;
pub mod snapshot_list;
pub mod snapshot_restore;
pub mod snapshot_show;
mod snapshots;
pub mod status;
#[cfg(test)]
mod tests;
pub mod token_create;
pub mod token_list;
pub mod token_revoke;
mod tokens;
mod undertaking;
mod views;
mod whole_log;
mod workbench;

pub use answer::Answer;
pub use answers::schema_of;
pub use backups::BackupView;
pub use bring::Brought;
pub use certificates::certificate_of;
pub use consent::{Always, Approve, Never};
pub use context::{Context, call_name};
pub use error::{Exit, OpError};
pub use examine::examine;
pub use plimsoll_api::{Enrolled, Facts, FailedRenewal, HostEvent, LogLine, Program, Replaced, What};
pub use plimsoll_build::{Tests, Wanted};
pub use plimsoll_connect::{Known, Ssh};
pub use plimsoll_engine::Note;
pub use plimsoll_inspect::Asked;
pub use plimsoll_provision::Wishes;
pub use plimsoll_vault::{Ask, Keyring, MAX_VALUE_BYTES};
pub use progress::{Event, Progress};
pub use restoring::{Loss, Restored};
pub use secrets::{SecretSource, SecretUsers, SecretView};
pub use snapshots::Snapshot;
pub use tokens::{Doorkeeper, Grant, Scope, TokenState, TokenView};
pub use views::{ComponentView, DeploymentView, PlanView, RecordView};

/// Every operation, by name. Each surface offers all of them.
pub const OPERATIONS: &[&str] = &[
    "approvals",
    "approve",
    "audit_export",
    "audit_list",
    "audit_verify",
    "backup_copies",
    "backup_copy",
    "backup_create",
    "backup_fetch",
    "backup_list",
    "backup_prune",
    "backup_restore",
    "backup_verify",
    "certs_check",
    "certs_list",
    "certs_renew",
    "check",
    "deploy",
    "down",
    "history",
    "host_add",
    "host_doctor",
    "host_facts",
    "host_keys_rotate",
    "host_provision",
    "host_remove",
    "host_stop",
    "host_upgrade",
    "init",
    "logs",
    "mcp_install",
    "migrate_check",
    "migrate_down",
    "migrate_new",
    "migrate_redo",
    "migrate_status",
    "migrate_up",
    "plan",
    "resume",
    "rollback",
    "schema",
    "secrets_edit",
    "secrets_list",
    "secrets_rekey",
    "secrets_set",
    "secrets_unset",
    "show",
    "simulate",
    "snapshot_create",
    "snapshot_list",
    "snapshot_restore",
    "snapshot_show",
    "status",
    "token_create",
    "token_list",
    "token_revoke",
];
