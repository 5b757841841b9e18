//! The log of a deployment's run, kept on its home host too: who finds it undone tomorrow reads there what was told today.

use plimsoll_engine::{Ended, Fleet};
use plimsoll_model::EnvironmentKey;

use crate::hosts;
use crate::workbench::Workbench;

/// Keeps what was written so far, and how it ended; secrets taken out. That it cannot be kept changes nothing.
pub(crate) async fn keep(bench: &Workbench<'_>, fleet: &Fleet, key: &EnvironmentKey, ended: &Ended) {
    let (Some(id), Some(path)) = (&ended.id, &bench.context.log) else { return };
    // What was told last is written first.
    tokio::task::yield_now().await;
    let Ok(written) = tokio::fs::read(path).await else { return };
    let text = format!("{}{}\n", String::from_utf8_lossy(&written), last_line(ended));
    drop(fleet.home().run_log(key, id, Some(bench.redactor.redact(&text))).await);
}

fn last_line(ended: &Ended) -> String {
    let (level, why) = match ended.stuck.as_ref().or(ended.failure.as_ref()) {
        Some(failure) => ("ERROR", format!(": {failure}")),
        None => (" INFO", String::new()),
    };
    format!("{} {level} plimsoll: {}{why}", hosts::now(), ended.outcome)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::deployment::{Failure, Outcome};

    use super::*;

    #[test]
    fn how_it_ended_is_its_last_line() {
        let ended = |outcome, failure: Option<Failure>| Ended { id: None, outcome, failure, leftovers: Vec::new(), stuck: None };
        let told = last_line(&ended(Outcome::Committed, None));
        assert!(told.ends_with("  INFO plimsoll: committed"), "{told}");
        let told = last_line(&ended(Outcome::RolledBack, Some(Failure::new("slot-exited", "slot web-2 ended"))));
        assert!(told.contains(" ERROR plimsoll: rolled back: ") && told.contains("slot web-2 ended"), "{told}");
    }
}
