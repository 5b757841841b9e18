//! A plan: what will happen, level by level.

use std::collections::BTreeMap;

use owo_colors::OwoColorize;
use plimsoll_model::plan::{Change, Estimates, Intent, Level, Phase, Plan, Work};
use plimsoll_model::source::Source;
use plimsoll_model::{HostName, PlanHash};
use plimsoll_ops::PlanView;

use super::measure::duration;

/// How much of a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What happens to each component.
    Components,
    /// Every step on every host.
    Steps,
}

/// The whole plan, with its hash.
pub fn plan(view: &PlanView, depth: Depth) -> String {
    let mut text = format!("{}: {}\n", view.key.bold(), intent(&view.intent, &view.source));
    if view.empty {
        return text + "nothing to do: everything is what it shall be\n";
    }
    if let Some(policy) = &view.policy {
        let approval = policy.approval.as_ref().map_or_else(String::new, |rule| format!(", and {rule}"));
        text += &format!("from then on, agents may {}{approval}\n", policy.agents);
    }
    for (number, level) in (1..).zip(&view.levels) {
        text += &of_level(number, level, view, depth);
    }
    if let Some(ms) = view.estimates.total_ms {
        text += &format!("should take about {}, going by earlier deployments\n", duration(ms));
    }
    text + &format!("plan {}\n", view.hash)
}

/// A plan that is about to be carried out, without its steps.
pub fn announced(hash: PlanHash, made: &Plan, estimates: &Estimates) -> String {
    let view = PlanView {
        hash,
        intent: made.intent.clone(),
        key: made.key.clone(),
        source: made.source.clone(),
        empty: made.is_empty(),
        changes: made.changes(),
        builds: BTreeMap::new(),
        levels: made.levels.clone(),
        batches: made.batches(),
        expects: made.expects.clone(),
        policy: made.policy.clone(),
        approval: None,
        estimates: estimates.clone(),
        findings: Vec::new(),
    };
    plan(&view, Depth::Components)
}

/// What a plan is for, as part of a sentence.
fn intent(intent: &Intent, source: &Source) -> String {
    match intent {
        Intent::Deploy => format!("deploy {}", version(source)),
        Intent::Rollback { to } => format!("roll back to deployment {to}, {}", version(source)),
        Intent::Migrate => format!("migrate databases, {}", version(source)),
        Intent::Down => "take everything away".into(),
    }
}

fn version(source: &Source) -> String {
    let commit = source.commit.as_deref().and_then(|commit| commit.get(..8));
    let commit = commit.filter(|commit| !source.version.starts_with(commit)).map(|commit| format!("commit {commit}"));
    let facts =
        [commit, source.branch.as_ref().map(|branch| format!("branch {branch}")), source.dirty.then(|| "with changes that are in no commit".into())];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    if facts.is_empty() { source.version.clone() } else { format!("{} ({})", source.version, facts.join(", ")) }
}

fn of_level(number: usize, level: &Level, view: &PlanView, depth: Depth) -> String {
    let several = level.hosts.len() > 1;
    let mut lines = String::new();
    for (host, work) in &level.hosts {
        for work in work {
            lines += &format!("  {number}. {}: {}{}\n", work.component.bold(), facts(work, view, several), place(work, host, view, several));
            if depth == Depth::Steps {
                lines += &steps(work);
            }
        }
    }
    lines
}

fn facts(work: &Work, view: &PlanView, several: bool) -> String {
    let release = work.release.map(|release| format!(" ({})", release.short())).unwrap_or_default();
    let lacking = if several { ", not on every host yet" } else { ", not on the host yet" };
    let lacking = if view.builds.contains_key(&work.component) { lacking } else { "" };
    format!("{}{release}{lacking}", work.change)
}

/// Where it happens, in an environment of several hosts, and in which batch.
fn place(work: &Work, host: &HostName, view: &PlanView, several: bool) -> String {
    let batches = view.batches.get(&work.component).map_or(&[][..], Vec::as_slice);
    let batch = batches.iter().position(|hosts| work.change != Change::Leave && batches.len() > 1 && hosts.contains(host));
    let batch = batch.map(|number| format!(", batch {} of {}", number + 1, batches.len())).unwrap_or_default();
    if several { format!("{batch}, on {host}") } else { String::new() }
}

fn steps(work: &Work) -> String {
    let phases = [Phase::Prepare, Phase::Switch, Phase::Verify, Phase::Commit];
    let steps = phases.into_iter().flat_map(|phase| work.steps.of(phase).iter().map(move |step| (phase, step)));
    steps.map(|(phase, step)| format!("     {} {step}\n", format!("{:<8}", phase.to_string()).dimmed())).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::plan::{Step, Steps};
    use plimsoll_model::{ComponentName, Digest, ReleaseId, SlotId};

    use super::super::plain;
    use super::*;

    fn view(levels: Vec<Level>) -> PlanView {
        let backend = ComponentName::new("backend").unwrap();
        PlanView {
            hash: PlanHash(Digest::of(b"plan")),
            intent: Intent::Deploy,
            key: serde_json::from_str(r#"{"project":"shop","environment":"local"}"#).unwrap(),
            source: Source { version: "1.4.0".into(), commit: Some("0123456789abcdef".into()), dirty: true, ..Source::default() },
            empty: levels.is_empty(),
            changes: BTreeMap::new(),
            builds: BTreeMap::from([(backend, ReleaseId(Digest::of(b"new")))]),
            levels,
            batches: BTreeMap::new(),
            expects: BTreeMap::new(),
            policy: None,
            approval: None,
            estimates: Estimates { total_ms: Some(4_200), components_ms: BTreeMap::new() },
            findings: Vec::new(),
        }
    }

    fn level() -> Level {
        let (backend, release) = (ComponentName::new("backend").unwrap(), ReleaseId(Digest::of(b"new")));
        let stage = Step::StageRelease { release, shared: Vec::new(), of: None };
        let stop = Step::StopSlot { slot: SlotId::numbered(&backend, 1), drain_ms: 1 };
        let steps = Steps { prepare: vec![stage], commit: vec![stop], ..Steps::default() };
        Level {
            hosts: BTreeMap::from([(HostName::local(), vec![Work { component: backend, change: Change::Release, release: Some(release), steps }])]),
        }
    }

    #[test]
    fn a_plan_tells_what_will_happen() {
        insta::assert_snapshot!(plain(&plan(&view(vec![level()]), Depth::Steps)), @r#"
        shop/local: deploy 1.4.0 (commit 01234567, with changes that are in no commit)
          1. backend: new release (b20ab0a0), not on the host yet
             prepare  stage release b20ab0a0
             commit   drain and stop slot backend-1
        should take about 4.2 s, going by earlier deployments
        plan 29fde71e3ef298312227db745efc78ceb1c4e97c3a45f8e1f3f8680fa8a8f9ac
        "#);
    }

    #[test]
    fn batches_are_told_by_host() {
        let host = |number: usize| HostName::new(format!("h{number}")).unwrap();
        let work = || level().hosts.into_values().flatten().collect::<Vec<_>>();
        let all =
            |at: &[usize]| Level { hosts: (1..4).map(|number| (host(number), if at.contains(&number) { work() } else { Vec::new() })).collect() };
        let mut leaves = all(&[4]);
        leaves.hosts.insert(host(4), work().into_iter().map(|work| Work { change: Change::Leave, release: None, ..work }).collect());
        let batches = BTreeMap::from([(ComponentName::new("backend").unwrap(), vec![vec![host(1), host(2)], vec![host(3)]])]);
        let view = PlanView { batches, builds: BTreeMap::new(), ..view(vec![all(&[1, 2]), all(&[3]), leaves]) };
        insta::assert_snapshot!(plain(&plan(&view, Depth::Components)), @r"
        shop/local: deploy 1.4.0 (commit 01234567, with changes that are in no commit)
          1. backend: new release (b20ab0a0), batch 1 of 2, on h1
          1. backend: new release (b20ab0a0), batch 1 of 2, on h2
          2. backend: new release (b20ab0a0), batch 2 of 2, on h3
          3. backend: moved away, on h4
        should take about 4.2 s, going by earlier deployments
        plan 29fde71e3ef298312227db745efc78ceb1c4e97c3a45f8e1f3f8680fa8a8f9ac
        ");
    }

    #[test]
    fn a_plan_without_work_says_so() {
        insta::assert_snapshot!(plain(&plan(&view(Vec::new()), Depth::Components)), @r#"
        shop/local: deploy 1.4.0 (commit 01234567, with changes that are in no commit)
        nothing to do: everything is what it shall be
        "#);
    }
}
