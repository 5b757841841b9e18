//! What an operation tells while it goes on.

use std::pin::pin;
use std::time::Duration;

use plimsoll_engine::Note;
use plimsoll_model::plan::{Estimates, Plan};
use plimsoll_model::{ComponentName, DeploymentId, PlanHash};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at};

/// How often whoever waits is told that it goes on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where events go. A reader that is gone disturbs nothing.
pub type Progress = mpsc::UnboundedSender<Event>;

/// Something that happened in an operation, as it happens.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A deployment that was cut off is being settled first.
    Settling {
        /// Its name.
        deployment: DeploymentId,
        /// Who had run it.
        holder: String,
    },
    /// The plan is made.
    Planned {
        /// Its hash.
        hash: PlanHash,
        /// What it will do.
        plan: Box<Plan>,
        /// How long it should take.
        estimates: Estimates,
    },
    /// A component is being built or tested.
    Building {
        /// The component.
        component: ComponentName,
        /// What is done: `build` or `test`.
        what: String,
    },
    /// A line of output of a build, a test or a hook; secrets taken out.
    Output {
        /// Where it comes from: a component's name, or `hook`.
        source: String,
        /// The line.
        line: String,
    },
    /// A component is built or tested.
    Built {
        /// The component.
        component: ComponentName,
        /// What was done.
        what: String,
        /// How long it took, in milliseconds.
        ms: u64,
    },
    /// Something that the deployment itself tells.
    Deployment(Note),
    /// Something to know that changes nothing.
    Notice {
        /// What.
        message: String,
    },
}

/// Does `work`, and tells `what` that is: as it begins, and again for as long as it takes.
pub(crate) async fn telling<T>(progress: &Progress, what: &str, work: impl Future<Output = T>) -> T {
    let tell = |message: String| drop(progress.send(Event::Notice { message }));
    tell(what.to_owned());
    let (mut work, begun) = (pin!(work), Instant::now());
    let mut ticks = interval_at(begun + PATIENCE, PATIENCE);
    loop {
        tokio::select! {
            done = &mut work => return done,
            now = ticks.tick() => tell(format!("{what}: {} s so far", (now - begun).as_secs())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_told_that_it_goes_on() {
        let (progress, mut told) = mpsc::unbounded_channel();
        let done = telling(&progress, "main: taking a backup", async {
            tokio::time::sleep(Duration::from_secs(12)).await;
            7
        });
        assert_eq!(done.await, 7);
        drop(progress);
        let mut messages = Vec::new();
        while let Some(Event::Notice { message }) = told.recv().await {
            messages.push(message);
        }
        assert_eq!(messages, ["main: taking a backup", "main: taking a backup: 5 s so far", "main: taking a backup: 10 s so far"]);
    }
}
