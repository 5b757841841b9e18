//! What a host is.

use plimsoll_ops::Facts;

use super::measure::{moment, size};
use super::table::table;

/// One fact a line.
pub fn facts(facts: &Facts) -> String {
    let proxy = facts.proxy_pid.map_or_else(|| "does not run".to_owned(), |pid| format!("pid {pid}"));
    let environments: Vec<String> = facts.environments.iter().map(ToString::to_string).collect();
    table(&[
        ["machine".into(), format!("{} ({})", facts.machine, facts.platform)],
        ["daemon".into(), format!("version {}, pid {}, since {}", facts.version, facts.pid, moment(facts.started_at))],
        ["proxy".into(), proxy],
        ["cores".into(), facts.cores.to_string()],
        ["memory".into(), size(facts.memory_bytes)],
        ["disk free".into(), size(facts.disk_free_bytes)],
        ["folder".into(), facts.folder.clone()],
        ["environments".into(), if environments.is_empty() { "none".into() } else { environments.join(", ") }],
        ["busy".into(), if facts.busy { "a deployment is under way" } else { "no" }.into()],
    ])
}
