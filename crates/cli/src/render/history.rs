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
    facts.extend(record.approved_by.as_ref().map(|by| fact("approved", by)));
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
        Intent::Migrate => "migrate".into(),
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

#[cfg(test)]
mod tests {
    use plimsoll_model::deployment::{ComponentChange, Failure, Stage};
    use plimsoll_model::plan::{Change, Desired};
    use plimsoll_model::source::Source;
    use plimsoll_model::time::Moment;
    use plimsoll_model::{ComponentName, DeploymentId, Digest, PlanHash};
    use serde_json::json;

    use super::super::plain;
    use super::*;

    fn record() -> RecordView {
        let failure = Failure::new("slot-exited", "slot backend-2 ended").with_output(vec!["no DATABASE_URL".into()]);
        RecordView {
            id: DeploymentId::new("20260117-2").unwrap(),
            outcome: Outcome::RolledBack,
            intent: Intent::Rollback { to: DeploymentId::new("20260117-1").unwrap() },
            started_at: Moment(1_768_660_200_007),
            duration_ms: 4_210,
            actor: "me@here".into(),
            surface: "cli".into(),
            plan: PlanHash(Digest::of(b"plan")),
            commit: None,
            version: "1.4.0".into(),
            dirty: false,
            reason: Some("prices were wrong".into()),
            approved_by: None,
            failure: Some(failure),
            components: vec![ComponentChange { name: ComponentName::new("backend").unwrap(), change: Change::Release, release: None }],
        }
    }

    #[test]
    fn deployments_are_a_table() {
        insta::assert_snapshot!(plain(&history(&[record()])), @r#"
        deployment  outcome      what                    version  began                    took   by       why
        20260117-2  rolled back  rollback to 20260117-1  1.4.0    2026-01-17 14:30:00 UTC  4.2 s  me@here  prices were wrong
        "#);
        assert_eq!(history(&[]), "nothing was deployed yet\n");
    }

    #[test]
    fn a_deployment_is_told_in_full() {
        let holder = serde_json::from_value(json!({ "user": "me", "machine": "here", "pid": 7, "surface": "cli" })).unwrap();
        let (stage, source) = (Stage::Closed { outcome: Outcome::RolledBack }, Source::default());
        let full_record = Full { record: record(), ended_at: None, stage, holder, source, leftovers: Vec::new(), desired: Desired::default() };
        insta::assert_snapshot!(plain(&full(&full_record)), @r#"
        deployment  20260117-2
        outcome     rolled back
        what        rollback to 20260117-1
        version     1.4.0
        commit      none
        began       2026-01-17 14:30:00 UTC
        took        4.2 s
        by          me@here (cli, pid 7)
        plan        29fde71e3ef298312227db745efc78ceb1c4e97c3a45f8e1f3f8680fa8a8f9ac
        why         prices were wrong
        changed     backend: new release
        failure     slot backend-2 ended
                    | no DATABASE_URL
        "#);
    }
}
