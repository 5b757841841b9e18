//! The tools, one file each: the name of a tool is the name of its file.

mod arguments;
mod check_health;
mod create_snapshot;
mod deploy_full;
mod get_deployment_status;
mod get_last_stable_version;
mod list_backups;
mod list_deployments;
mod list_snapshots;
mod migrate;
mod plan_deployment;
mod read_logs;
mod restore_snapshot;
mod resume_deployment;
mod rollback;
mod show_deployment;
mod simulate_deployment;

use crate::tool::Tool;

/// The one that tells what is on record of a deployment.
pub(crate) const SHOW: Tool = show_deployment::TOOL;

/// All tools, in the order in which an agent needs them.
pub(crate) const ALL: &[Tool] = &[
    plan_deployment::TOOL,
    simulate_deployment::TOOL,
    deploy_full::TOOL,
    rollback::TOOL,
    resume_deployment::TOOL,
    get_deployment_status::TOOL,
    check_health::TOOL,
    list_deployments::TOOL,
    show_deployment::TOOL,
    get_last_stable_version::TOOL,
    read_logs::TOOL,
    migrate::TOOL,
    list_backups::TOOL,
    create_snapshot::TOOL,
    list_snapshots::TOOL,
    restore_snapshot::TOOL,
];
