//! A simulated deployment: what would happen when, and what if something failed.

use owo_colors::OwoColorize;
use plimsoll_model::deployment::Outcome;
use plimsoll_ops::simulate::{Basis, FailureForecast, Output, Risk, StepForecast, Undone};

use super::measure::duration;

/// All of it.
pub fn simulation(output: &Output) -> String {
    let head = format!("{}: simulated, and nothing was changed\n", output.key.bold());
    if output.outcome == Outcome::Unchanged {
        return head + "nothing to do: everything is what it shall be\n";
    }
    let several = output.steps.iter().any(|step| Some(&step.host) != output.steps.first().map(|first| &first.host));
    let mut text = head;
    text += &output.steps.iter().map(|step| line(step, several)).collect::<String>();
    text += &format!("{}\n", end(output));
    text += &section("if a step failed", output.failures.iter().map(if_it_failed));
    text += &section("at risk, and not known", output.risks.iter().map(|risk| at_risk(risk, several)));
    text += &super::finding::lines(&output.findings);
    text + &format!("plan {}\n", output.plan)
}

fn section(title: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.map(|line| format!("  {line}\n")).collect();
    if lines.is_empty() { lines } else { format!("{}\n{lines}", title.bold()) }
}

fn line(step: &StepForecast, several: bool) -> String {
    let basis = match step.basis {
        Basis::Recorded => "as before",
        Basis::Default => "assumed",
    };
    let place = if several { format!(", on {}", step.host) } else { String::new() };
    let phase = format!("{:<8}", step.at.phase.to_string());
    format!(
        "  {:>8}  {} {}: {}{place} ({}, {basis})\n",
        duration(step.starts_ms),
        phase.dimmed(),
        step.at.component.bold(),
        step.what,
        duration(step.duration_ms)
    )
}

fn end(output: &Output) -> String {
    let switch = output.switch.map(|switch| format!("routes switch after {}, within {}", duration(switch.starts_ms), duration(switch.duration_ms)));
    let live = output.live_ms.map(|ms| format!("live after {}", duration(ms)));
    let whole = format!("{} after {}", output.outcome, duration(output.duration_ms));
    let failure = output.failure.as_ref().map(|failure| failure.message.clone());
    switch.into_iter().chain(live).chain([whole]).chain(failure).collect::<Vec<_>>().join("; ")
}

fn if_it_failed(failure: &FailureForecast) -> String {
    let words = |undone: &Undone| if undone.stays { format!("{} (stays)", undone.what) } else { undone.what.clone() };
    let undone: Vec<String> = failure.undone.iter().map(words).collect();
    let undone = if undone.is_empty() { "with nothing to undo".into() } else { format!("undone: {}", undone.join(", ")) };
    let (phase, component) = (failure.phase, &failure.step.component);
    format!("{phase}, {component}: {}: {} after {}; {undone}", failure.what, failure.outcome, duration(failure.duration_ms))
}

fn at_risk(risk: &Risk, several: bool) -> String {
    let place = risk.host.as_ref().filter(|_| several).map(|host| format!(" (on {host})")).unwrap_or_default();
    format!("{}{place} [{}]", risk.message, risk.code)
}
