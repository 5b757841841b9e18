//! What happens while an operation goes on, one line each.

use plimsoll_model::ComponentName;
use plimsoll_ops::{Event, HostEvent, Note, What};

use super::measure::{count, duration, size};

/// An event as a line for a person who only sees lines; none for what such a person need not know.
pub fn line(event: &Event) -> Option<String> {
    match event {
        Event::Settling { deployment, holder } => Some(format!("settling deployment {deployment} of {holder}, which was cut off")),
        Event::Planned { .. } | Event::Output { .. } => None,
        Event::Building { component, what } => Some(format!("{component}: {what} begins")),
        Event::Built { component, what, ms } => Some(format!("{component}: {what} done in {}", duration(*ms))),
        Event::Deployment(note) => of_note(note),
        Event::Notice { message } => Some(message.clone()),
    }
}

/// An event as a line for an agent, which has no screen to see phases on.
pub fn agent_line(event: &Event) -> Option<String> {
    match event {
        Event::Deployment(Note::Phase { .. }) => Some(log_line(event)),
        other => line(other),
    }
}

/// An event as a line for the log, where nothing is left out.
pub fn log_line(event: &Event) -> String {
    match event {
        Event::Planned { hash, plan, .. } => format!("plan {hash}: {}", count(plan.changes().len(), "component")),
        Event::Output { source, line } => format!("{source} | {line}"),
        Event::Deployment(Note::Phase { level, phase }) => format!("level {}: {phase}", level + 1),
        Event::Deployment(Note::Step { host, event }) => format!("{host}: {}", of_step(event)),
        other => line(other).unwrap_or_default(),
    }
}

/// What files are on their way, as `12 files, 3.1 MB`.
pub fn load(files: usize, bytes: u64) -> String {
    format!("{}, {}", count(files, "file"), size(bytes))
}

fn of_note(note: &Note) -> Option<String> {
    Some(match note {
        Note::Opened { deployment } => format!("deployment {deployment} has begun"),
        Note::Uploading { host, component, files, bytes } => format!("{component}: uploading {} to {host}", load(*files, *bytes)),
        Note::Phase { .. } | Note::Step { event: HostEvent { what: What::Begun, .. }, .. } => return None,
        Note::Step { event, .. } => of_step(event),
        Note::Waiting { host, why } => format!("host {host} does not answer, trying on: {why}"),
        Note::Verifying => "asking all routes from outside".into(),
        Note::Decided => "decided: it is live; what is not needed any more is cleared away".into(),
        Note::RollingBack { failure } => format!("rolling back: {failure}"),
        Note::Warning { failure } => format!("warning: {failure}"),
    })
}

fn of_step(event: &HostEvent) -> String {
    let component: &ComponentName = &event.step.component;
    match &event.what {
        What::Begun => format!("{component}: {} begins", event.text),
        What::Done { ms } => format!("{component}: {} ({})", event.text, duration(*ms)),
        What::Failed { failure } => format!("{component}: {} failed: {failure}", event.text),
        What::Undone { ms } => format!("{component}: undone: {} ({})", event.text, duration(*ms)),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::HostName;
    use plimsoll_model::deployment::Failure;
    use plimsoll_model::plan::{Phase, StepRef};
    use plimsoll_model::time::Moment;

    use super::*;

    fn step(what: What) -> Event {
        let component = ComponentName::new("backend").unwrap();
        let step = StepRef { level: 0, phase: Phase::Prepare, component, index: 0 };
        let event = HostEvent { at: Moment(0), step, text: "start slot backend-2".into(), what };
        Event::Deployment(Note::Step { host: HostName::local(), event })
    }

    #[test]
    fn events_are_lines() {
        let check =
            |event: Event, shown: Option<&str>, logged: &str| assert_eq!((line(&event).as_deref(), log_line(&event).as_str()), (shown, logged));
        let backend = || ComponentName::new("backend").unwrap();
        check(Event::Building { component: backend(), what: "build".into() }, Some("backend: build begins"), "backend: build begins");
        check(Event::Output { source: "backend".into(), line: "ok".into() }, None, "backend | ok");
        check(step(What::Begun), None, "local: backend: start slot backend-2 begins");
        check(step(What::Done { ms: 12 }), Some("backend: start slot backend-2 (12 ms)"), "local: backend: start slot backend-2 (12 ms)");
        let failure = Failure::new("slot-exited", "it ended with 1");
        check(
            step(What::Failed { failure: failure.clone() }),
            Some("backend: start slot backend-2 failed: it ended with 1"),
            "local: backend: start slot backend-2 failed: it ended with 1",
        );
        let shown = "rolling back: it ended with 1";
        check(Event::Deployment(Note::RollingBack { failure }), Some(shown), shown);
        check(Event::Deployment(Note::Phase { level: 0, phase: Phase::Switch }), None, "level 1: switch");
        let upload = Note::Uploading { host: HostName::local(), component: backend(), files: 1, bytes: 2_000 };
        let shown = "backend: uploading 1 file, 2.0 kB to local";
        check(Event::Deployment(upload), Some(shown), shown);
    }
}
