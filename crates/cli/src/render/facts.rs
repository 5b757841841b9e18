//! What a host is.

use std::collections::BTreeMap;

use plimsoll_ops::{Facts, Program};

use super::measure::{moment, size};
use super::table::table;
use super::upgrade::named;

/// One fact a line.
pub fn facts(facts: &Facts) -> String {
    let proxy = facts.proxy.as_ref().map_or_else(|| "does not run".to_owned(), |proxy| format!("{}, pid {}", named(proxy), proxy.pid));
    let environments: Vec<String> = facts.environments.iter().map(ToString::to_string).collect();
    table(&[
        ["machine".into(), format!("{} ({})", facts.machine, facts.platform)],
        ["daemon".into(), format!("version {} (build {}), pid {}, since {}", facts.version, facts.build, facts.pid, moment(facts.started_at))],
        ["proxy".into(), proxy],
        ["keepers".into(), keepers(&facts.keepers)],
        ["cores".into(), facts.cores.to_string()],
        ["memory".into(), size(facts.memory_bytes)],
        ["disk free".into(), size(facts.disk_free_bytes)],
        ["folder".into(), facts.folder.clone()],
        ["environments".into(), if environments.is_empty() { "none".into() } else { environments.join(", ") }],
        ["busy".into(), if facts.busy { "a deployment is under way" } else { "no" }.into()],
    ])
}

/// How many there are of each build.
fn keepers(keepers: &[Program]) -> String {
    let mut builds: BTreeMap<String, usize> = BTreeMap::new();
    for keeper in keepers {
        *builds.entry(named(keeper)).or_default() += 1;
    }
    let told: Vec<String> = builds.into_iter().map(|(build, count)| format!("{count} of {build}")).collect();
    if told.is_empty() { "none".into() } else { told.join(", ") }
}
