//! An environment: judging it, and making it of its section. `local` needs none.

use std::collections::BTreeSet;

use super::merge::changed_kind;
use super::placement::{self, Host};
use super::project::Environment;
use super::report::Report;
use super::section::{Node, Section};
use super::suggest::{nearest, shown};
use crate::agents::Agents;
use crate::approval::{ApprovalRule, Approver, Whose};
use crate::backup::BackupPolicy;
use crate::{EnvironmentName, HostName, Policy};

/// The environment that is always there: this machine.
pub(super) const LOCAL: &str = "local";

/// The environment that waits for a yes by default.
const PRODUCTION: &str = "production";

/// Says what does not fit together in an environment.
pub(super) fn judge(name: &str, section: &Section, manifest: &Section, report: &mut Report<'_>) {
    hosts(name, section, report);
    placement::judge_hosts(section, report);
    judge_approval(section, report);
    for (component, overrides) in section.sections("components") {
        let known = || manifest.sections("components").map(|(name, _)| name);
        match manifest.section("components").and_then(|components| components.section(component)) {
            Some(base) => kind(base, overrides, report),
            None if !manifest.section("components").is_some_and(|components| components.has(component)) => {
                let meant =
                    nearest(component, known()).map_or_else(|| "write the name of a component".into(), |name| format!("did you mean `{name}`?"));
                let message = format!("there is no component {} to override", shown(component));
                report.error("unknown-component", &overrides.span, message, meant);
            }
            None => {}
        }
    }
}

fn hosts(name: &str, section: &Section, report: &mut Report<'_>) {
    let hosts = placement::hosts(section);
    if name == LOCAL {
        if hosts.iter().any(|host| host.name != LOCAL) {
            let help = "remove `hosts`, or give the environment another name";
            report.error("local-has-hosts", &section.span_of("hosts"), "`local` is this machine, and has no other hosts", help);
        }
    } else if section.list("hosts").is_empty() && !matches!(section.entry("hosts").map(|entry| &entry.node), Some(Node::Refused)) {
        let message = format!("environment {} has no hosts", shown(name));
        let help = "write `hosts = [\"deploy@dev.shop.example\"]`, as after `ssh`; `hosts = [\"local\"]` is this machine";
        report.error("no-hosts", &section.span_of("hosts"), message, help);
    }
    for (index, host) in hosts.iter().enumerate() {
        if hosts[..index].iter().any(|other| other.name == host.name) {
            report.error("duplicate-host", &host.span, format!("host {} stands here twice", shown(&host.name)), "keep one of the two");
        }
    }
}

/// A program stays a program in every environment, and a site a site.
fn kind(base: &Section, overrides: &Section, report: &mut Report<'_>) {
    for key in ["run", "site"].into_iter().filter(|key| overrides.has(key)) {
        if let Some(other) = changed_kind(base, key) {
            let message = format!("`{key}` would make this component something else than its `{other}` does");
            report.error("kind-change", &overrides.span_of(key), message, "make it a component of its own");
        }
    }
}

/// The environment `name`, as `section` describes it.
pub(super) fn environment(name: &EnvironmentName, section: &Section) -> Option<Environment> {
    let local = name.as_str() == LOCAL;
    let hosts = placement::hosts(section).into_iter().filter_map(|host| HostName::new(host.name).ok()).collect();
    let branch = section.text("branch");
    Some(Environment {
        name: name.clone(),
        hosts: if local { vec![HostName::local()] } else { hosts },
        lease_ms: section.number("lease")?,
        keep_releases: u32::try_from(section.number("keep_releases")?).ok()?,
        confirm: section.flag("confirm").unwrap_or(name.as_str() == PRODUCTION),
        work_tree: section.flag("work_tree").unwrap_or(local && branch.is_none()),
        safe_migrations: section.section("requires").and_then(|requires| requires.flag("safe_migrations")).unwrap_or(false),
        policy: Policy { agents: agents(section).unwrap_or(if local { Agents::Deploy } else { Agents::Plan }), approval: approval(section) },
        backups: backups(name, section)?,
        branch,
    })
}

/// What its section lets agents do.
fn agents(section: &Section) -> Option<Agents> {
    match section.text("agents")?.as_str() {
        "observe" => Some(Agents::Observe),
        "plan" => Some(Agents::Plan),
        _ => Some(Agents::Deploy),
    }
}

/// Whose plans have to be approved, and by whom.
fn approval(section: &Section) -> Option<ApprovalRule> {
    let of = match section.section("requires")?.text("approval")?.as_str() {
        "agents" => Whose::Agents,
        _ => Whose::Everyone,
    };
    Some(ApprovalRule { of, by: section.texts("approvers").iter().filter_map(|(text, _)| Approver::new(text).ok()).collect() })
}

/// Somebody can give the approvals that are wanted, and stands here once.
fn judge_approval(section: &Section, report: &mut Report<'_>) {
    let nobody = section.list("approvers").is_empty() && !matches!(section.entry("approvers").map(|entry| &entry.node), Some(Node::Refused));
    if let Some(requires) = section.section("requires").filter(|requires| nobody && requires.has("approval")) {
        let help = "write `approvers = [\"ssh-ed25519 …\"]` into the environment: the line that a person's ~/.ssh/id_ed25519.pub holds";
        report.error("no-approvers", &requires.span_of("approval"), "nobody can approve", help);
    }
    let mut keys = BTreeSet::new();
    for (text, span) in section.texts("approvers") {
        if Approver::new(&text).is_ok_and(|approver| !keys.insert(approver.key().to_owned())) {
            report.error("duplicate-approver", &span, "this key stands here twice", "keep one of the two");
        }
    }
}

/// How many backups of each database an environment keeps.
pub(super) fn kept_backups(name: &EnvironmentName, section: &Section) -> Option<u32> {
    let own = section.section("backups").and_then(|backups| backups.number("keep"));
    u32::try_from(own.unwrap_or(if name.as_str() == PRODUCTION { 10 } else { 5 })).ok()
}

fn backups(name: &EnvironmentName, section: &Section) -> Option<BackupPolicy> {
    let flag = |table: &str, key: &str| section.section(table).and_then(|table| table.flag(key));
    let number = |key: &str| section.section("backups").and_then(|backups| backups.number(key));
    Some(BackupPolicy {
        before_migrations: flag("requires", "backup").unwrap_or(name.as_str() != LOCAL),
        keep: kept_backups(name, section)?,
        every_ms: number("every"),
        max_age_ms: number("max_age").or(number("every").map(|every_ms| every_ms * 2)),
    })
}

/// Whether all of the environment is this machine.
pub(super) fn is_here(name: &EnvironmentName, section: &Section) -> bool {
    name.as_str() == LOCAL || placement::hosts(section).iter().all(|host| host.name == LOCAL)
}

/// Its hosts, where labels tell them apart: this machine takes everything.
pub(super) fn labelled(name: &EnvironmentName, section: &Section) -> Option<Vec<Host>> {
    (name.as_str() != LOCAL).then(|| placement::hosts(section))
}
