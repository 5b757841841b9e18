//! The tools, one file each: the name of a tool is the name of its file.

mod arguments;
mod check_certificates;
mod check_health;
mod check_manifest;
mod check_schema;
mod create_snapshot;
mod deploy_full;
mod get_deployment_status;
mod get_last_stable_version;
mod get_migration_status;
mod list_approvals;
mod list_backups;
mod list_certificates;
mod list_deployments;
mod list_secrets;
mod list_snapshots;
mod migrate;
mod plan_deployment;
mod read_audit_log;
mod read_logs;
mod restore_snapshot;
mod resume_deployment;
mod rollback;
mod show_deployment;
mod show_snapshot;
mod simulate_deployment;
mod undo_migrations;

use crate::tool::Tool;

/// The one that tells what is on record of a deployment.
pub(crate) const SHOW: Tool = show_deployment::TOOL;

/// All tools, in the order in which an agent needs them.
pub(crate) const ALL: &[Tool] = &[
    check_manifest::TOOL,
    plan_deployment::TOOL,
    simulate_deployment::TOOL,
    deploy_full::TOOL,
    rollback::TOOL,
    resume_deployment::TOOL,
    list_approvals::TOOL,
    get_deployment_status::TOOL,
    check_health::TOOL,
    list_deployments::TOOL,
    show_deployment::TOOL,
    get_last_stable_version::TOOL,
    read_logs::TOOL,
    read_audit_log::TOOL,
    get_migration_status::TOOL,
    check_schema::TOOL,
    migrate::TOOL,
    undo_migrations::TOOL,
    list_backups::TOOL,
    create_snapshot::TOOL,
    list_snapshots::TOOL,
    show_snapshot::TOOL,
    restore_snapshot::TOOL,
    list_secrets::TOOL,
    list_certificates::TOOL,
    check_certificates::TOOL,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use plimsoll_ops::OPERATIONS;

    use super::ALL;

    /// Each operation that agents have, with its tools.
    const OFFERED: &[(&str, &[&str])] = &[
        ("approvals", &["list_approvals"]),
        ("audit_list", &["read_audit_log"]),
        ("backup_list", &["list_backups"]),
        ("certs_check", &["check_certificates"]),
        ("certs_list", &["list_certificates"]),
        ("check", &["check_manifest"]),
        ("deploy", &["deploy_full"]),
        ("history", &["list_deployments", "get_last_stable_version"]),
        ("logs", &["read_logs"]),
        ("migrate_check", &["check_schema"]),
        ("migrate_down", &["undo_migrations"]),
        ("migrate_status", &["get_migration_status"]),
        ("migrate_up", &["migrate"]),
        ("plan", &["plan_deployment"]),
        ("resume", &["resume_deployment"]),
        ("rollback", &["rollback"]),
        ("secrets_list", &["list_secrets"]),
        ("show", &["show_deployment"]),
        ("simulate", &["simulate_deployment"]),
        ("snapshot_create", &["create_snapshot"]),
        ("snapshot_list", &["list_snapshots"]),
        ("snapshot_restore", &["restore_snapshot"]),
        ("snapshot_show", &["show_snapshot"]),
        ("status", &["get_deployment_status", "check_health"]),
    ];

    /// The operations that agents have not, and why.
    const EXEMPT: &[(&str, &[&str])] = &[
        ("a person's yes, and a person's keys", &["approve", "token_create", "token_list", "token_revoke"]),
        ("agents are judged by it, so it is not theirs to keep", &["audit_export", "audit_verify"]),
        (
            "snapshots are backups with what serves, and come back as one; files of backups are for people",
            &["backup_copies", "backup_copy", "backup_create", "backup_fetch", "backup_prune", "backup_restore", "backup_verify"],
        ),
        ("hosts renew certificates by themselves", &["certs_renew"]),
        ("all of an environment is gone after it", &["down"]),
        (
            "machines are looked after by those who own them",
            &["host_add", "host_doctor", "host_facts", "host_keys_rotate", "host_provision", "host_remove", "host_stop", "host_upgrade"],
        ),
        ("before it there is no server, and after it nothing to ask", &["init", "mcp_install"]),
        ("agents write files themselves, and know the schemas of their tools", &["migrate_new", "schema"]),
        ("one after the other: undo_migrations and migrate", &["migrate_redo"]),
        ("values of secrets go past agents", &["secrets_edit", "secrets_rekey", "secrets_set", "secrets_unset"]),
    ];

    #[test]
    fn every_operation_is_offered_or_kept_back_for_a_reason() {
        let offered = OFFERED.iter().map(|(operation, _)| *operation);
        let mut told: Vec<&str> = offered.chain(EXEMPT.iter().flat_map(|(_, operations)| operations.iter().copied())).collect();
        told.sort_unstable();
        assert_eq!(told, OPERATIONS);
        let tools: BTreeSet<&str> = OFFERED.iter().flat_map(|(_, tools)| tools.iter().copied()).collect();
        assert_eq!(tools, ALL.iter().map(|tool| tool.name).collect());
    }
}
