//! The project's own commands beside its builds: tests and hooks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use plimsoll_build::hooks::{self, Hook, LIMIT_MS, Moment};
use plimsoll_build::{BuildError, BuildEvent, Task, Tests, Wanted, test};
use plimsoll_model::ComponentName;

use crate::world::{World, component_name};

/// Runs the tests at `level` where only `web` changed, and answers which ones ran.
async fn tested(level: Tests) -> BTreeSet<ComponentName> {
    let mut world = World::plain().with("api", None).with("web", None).with("untested", None);
    for name in ["api", "web"] {
        world.component(name).test = Some("test -f main".into());
        world.write(&format!("{name}/main"), "");
    }
    let sources = world.open(Wanted::WorkTree).await;
    let changed = BTreeSet::from([component_name("web"), component_name("untested")]);
    world.in_workshop(&sources, async |workshop| test::run(workshop, &changed, level).await).await.unwrap();
    let finished = |event| if let BuildEvent::Finished { task: Task::Test(name), .. } = event { Some(name) } else { None };
    world.told().into_iter().filter_map(finished).collect()
}

#[tokio::test]
async fn the_level_says_what_is_tested() {
    assert_eq!(tested(Tests::None).await, BTreeSet::new());
    assert_eq!(tested(Tests::Smoke).await, BTreeSet::from([component_name("web")]));
    assert_eq!(tested(Tests::Full).await, BTreeSet::from([component_name("api"), component_name("web")]));
}

#[tokio::test]
async fn a_failing_test_is_an_error() {
    let mut world = World::plain().with("api", None);
    world.write("api/main", "");
    world.component("api").test = Some("echo broken; false".into());
    let sources = world.open(Wanted::WorkTree).await;
    let error = world.in_workshop(&sources, async |workshop| test::run(workshop, &BTreeSet::new(), Tests::Full).await).await.unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("| broken")), ("test-failed", true), "{error}");
}

async fn hook(world: &World, command: &str, limit_ms: u64) -> Result<(), BuildError> {
    let facts = BTreeMap::from([("PLIMSOLL_OUTCOME".to_owned(), "committed".to_owned())]);
    let (cache, notify) = (world.cache(), |event| world.tell(event));
    let moment = Moment::AfterCommit;
    hooks::run(&Hook { moment, command, folder: world.folder(), facts: &facts, limit_ms, cache: &cache, redactor: world.redactor(), notify: &notify })
        .await
}

#[tokio::test]
async fn a_hook_knows_the_facts() {
    let world = World::plain();
    hook(&world, "echo $PLIMSOLL_OUTCOME > told", LIMIT_MS).await.unwrap();
    assert_eq!(fs::read_to_string(world.folder().join("told")).unwrap(), "committed\n");
}

#[tokio::test]
async fn a_hook_that_fails_or_hangs_is_an_error() {
    let world = World::plain();
    assert_eq!(hook(&world, "exit 1", LIMIT_MS).await.unwrap_err().code(), "hook-failed");
    let error = hook(&world, "sleep 1000", 1).await.unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("longer than 1 ms")), ("hook-failed", true), "{error}");
    assert_eq!(hook(&world, "kill -9 $$", LIMIT_MS).await.unwrap_err().to_string(), "the hook after_commit was ended by signal 9: `kill -9 $$`");
}

#[tokio::test]
async fn a_command_that_reads_from_the_terminal_gets_nothing() {
    let world = World::plain();
    assert_eq!(hook(&world, "read line", LIMIT_MS).await.unwrap_err().code(), "hook-failed");
}
