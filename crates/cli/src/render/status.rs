//! What serves in an environment.

use owo_colors::OwoColorize;
use plimsoll_model::slot::{Condition, ObservedSlot};
use plimsoll_ops::status::{Component, Open, Output};

use super::measure::{count, moment};
use super::table::table;

/// The environment and each of its components.
pub fn status(output: &Output) -> String {
    let key = output.key.bold().to_string();
    if output.components.is_empty() {
        return format!("{key}: nothing is deployed\n{}", output.open.as_ref().map(open).unwrap_or_default());
    }
    let mut text = format!("{key}: {}\n", health(output.healthy));
    text += &table(&output.components.iter().map(row).collect::<Vec<_>>());
    for component in &output.components {
        text += &component.trouble.iter().map(|why| format!("{}: {why}\n", component.name)).collect::<String>();
        text += &component.slots.iter().map(slot).collect::<String>();
    }
    if let Some(last) = &output.deployment {
        text += &format!("deployed {} by {} (deployment {})\n", moment(last.started_at), last.actor, last.id);
    }
    text + &output.open.as_ref().map(open).unwrap_or_default()
}

fn health(healthy: bool) -> String {
    if healthy { "healthy".green().to_string() } else { "not healthy".red().to_string() }
}

fn row(component: &Component) -> [String; 5] {
    [
        format!("  {}", component.name),
        health(component.healthy),
        component.version.clone().unwrap_or_default(),
        component.since.map(|since| format!("since {}", moment(since))).unwrap_or_default(),
        component.url.clone().unwrap_or_default(),
    ]
}

fn slot(slot: &ObservedSlot) -> String {
    let condition = match slot.condition {
        Condition::Running => "running",
        Condition::Restarting => "about to be started again",
        Condition::Stopped => "stopped",
    };
    let pid = slot.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
    let restarts = if slot.restarts == 0 { String::new() } else { format!(", {}", count(slot.restarts as usize, "restart")) };
    format!("  slot {}: {condition}, port {}{pid}{restarts}\n", slot.slot, slot.port)
}

fn open(open: &Open) -> String {
    let state = if open.expired { "was cut off" } else { "is under way" };
    format!("{} deployment {} of {} {state}: {}\n", "note:".yellow(), open.id, open.holder, open.stage)
}
