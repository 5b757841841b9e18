//! Snapshots: data together with what served.

use owo_colors::OwoColorize;
use plimsoll_model::EnvironmentKey;
use plimsoll_ops::Snapshot;

use super::backups;
use super::measure::moment;
use super::table::table;

/// A table of snapshots, the oldest first.
pub fn list(key: &EnvironmentKey, snapshots: &[Snapshot]) -> String {
    if snapshots.is_empty() {
        return format!("{key} has no snapshot\n");
    }
    let head = ["snapshot", "taken", "version", "deployment", "databases", "state"].map(|title| title.dimmed().to_string());
    table(&std::iter::once(head).chain(snapshots.iter().map(row)).collect::<Vec<_>>())
}

/// All that is known of one.
pub fn full(snapshot: &Snapshot) -> String {
    let fact = |name: &str, value: String| [name.dimmed().to_string(), value];
    let short = |name: &str, text: &str| format!("{name} {}", &text[..text.len().min(8)]);
    let mut facts = vec![
        fact("snapshot", snapshot.id.to_string()),
        fact("taken", snapshot.at.map(moment).unwrap_or_default()),
        fact("state", state(snapshot)),
        fact("version", snapshot.version.clone().unwrap_or_default()),
        fact("commit", snapshot.commit.clone().unwrap_or_else(|| "none".into())),
        fact("deployment", snapshot.deployment.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    facts.extend(snapshot.releases.iter().map(|(name, release)| fact("release", short(name.as_str(), &release.to_string()))));
    facts.extend(snapshot.configs.iter().map(|(name, config)| fact("configuration", short(name.as_str(), &config.to_string()))));
    table(&facts) + &backups::table_of(&snapshot.backups)
}

fn row(snapshot: &Snapshot) -> [String; 6] {
    let databases: Vec<&str> = snapshot.backups.iter().map(|view| view.backup.database.as_str()).collect();
    [
        snapshot.id.to_string(),
        snapshot.at.map(moment).unwrap_or_default(),
        snapshot.version.clone().unwrap_or_default(),
        snapshot.deployment.as_ref().map(ToString::to_string).unwrap_or_default(),
        databases.join(", "),
        state(snapshot),
    ]
}

fn state(snapshot: &Snapshot) -> String {
    if snapshot.counts { "verified".green().to_string() } else { "does not count".red().to_string() }
}
