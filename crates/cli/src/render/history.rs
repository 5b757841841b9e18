//! What was deployed, and one deployment in full.

use owo_colors::OwoColorize;
use plimsoll_model::deployment::Outcome;
use plimsoll_model::plan::Intent;
use plimsoll_ops::RecordView;
use plimsoll_ops::show::Full;

use super::measure::{duration, moment};
use super::table::table;

/// A table of deployments.
pub fn history(deployments: &[RecordView]) -> String {
    if deployments.is_empty() {
        return "nothing was deployed yet\n".into();
    }
    let head = ["deployment", "outcome", "what", "version", "began", "took", "by", "why"].map(|title| title.dimmed().to_string());
    let rows: Vec<_> = std::iter::once(head).chain(deployments.iter().map(row)).collect();
    table(&rows)
}

/// All that is on record of a deployment, one fact a line.
pub fn full(deployment: &Full) -> String {
    let record = &deployment.record;
    let mut facts = vec![
        fact("deployment", record.id.bold()),
        fact("outcome", outcome(record.outcome)),
        fact("what", intent(&record.intent)),
        fact("version", &record.version),
        fact("commit", record.commit.as_deref().unwrap_or("none")),
        fact("began", moment(record.started_at)),
        fact("took", duration(record.duration_ms)),
        fact("by", &deployment.holder),
        fact("plan", record.plan),
    ];
    facts.extend(record.reason.as_ref().map(|reason| fact("why", reason)));
    facts.extend(record.components.iter().map(|component| fact("changed", format!("{}: {}", component.name, component.change))));
    facts.extend(record.failure.as_ref().map(|failure| fact("failure", failure)));
    facts.extend(record.failure.iter().flat_map(|failure| &failure.output).map(|line| fact("", format!("| {line}"))));
    facts.extend(deployment.leftovers.iter().map(|leftover| fact("left over", leftover)));
    table(&facts)
}

fn fact(name: &str, value: impl ToString) -> [String; 2] {
    [name.dimmed().to_string(), value.to_string()]
}

fn row(record: &RecordView) -> [String; 8] {
    [
        record.id.to_string(),
        outcome(record.outcome),
        intent(&record.intent),
        record.version.clone(),
        moment(record.started_at),
        duration(record.duration_ms),
        record.actor.clone(),
        record.reason.clone().unwrap_or_default(),
    ]
}

fn intent(intent: &Intent) -> String {
    match intent {
        Intent::Deploy => "deploy".into(),
        Intent::Rollback { to } => format!("rollback to {to}"),
        Intent::Down => "down".into(),
    }
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Committed | Outcome::Unchanged => outcome.green().to_string(),
        Outcome::RolledBack => outcome.yellow().to_string(),
        Outcome::Undecided => outcome.red().to_string(),
    }
}
