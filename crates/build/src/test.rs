//! Running the tests that components bring along, after their builds.

use std::collections::BTreeSet;

use plimsoll_model::ComponentName;
use serde::{Deserialize, Serialize};

use crate::lock::Lock;
use crate::schedule::side_by_side;
use crate::workshop::Workshop;
use crate::{BuildError, Task};

/// How much is tested before a deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tests {
    /// Nothing.
    None,
    /// The components that changed.
    #[default]
    Smoke,
    /// All components.
    Full,
}

/// Runs the tests of the components that `level` asks for; `changed` are those that this deployment changes. Components in
/// different folders are tested side by side. Dropping the future kills all that is running.
///
/// # Errors
/// The first test that fails, which also ends all others.
pub async fn run(workshop: &Workshop<'_>, changed: &BTreeSet<ComponentName>, level: Tests) -> Result<(), BuildError> {
    let _one_at_a_time = Lock::take(&workshop.cache.build_lock(), "the build", workshop.notify).await?;
    let asked = |name: &ComponentName| match level {
        Tests::None => false,
        Tests::Smoke => changed.contains(name),
        Tests::Full => true,
    };
    let components = workshop.project.components.iter().filter(|(name, _)| asked(name));
    let tests = components.filter_map(|(name, component)| Some((name, component, component.test.as_deref()?)));
    let runs = tests.map(|(name, component, command)| {
        let script = workshop.script(Task::Test(name.clone()), name, component, command);
        (component.path.clone(), async move { script.run().await })
    });
    side_by_side(runs.collect()).await.map(drop)
}
