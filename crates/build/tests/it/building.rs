//! Builds: which run, in what order, and how they end.

use std::fs;
use std::io::Read;

use plimsoll_build::failure::{End, Failure};
use plimsoll_build::{BuildError, BuildEvent, Task, Wanted};

use crate::world::{SECRET, World, component_name, contents};

/// The lines that commands have printed.
fn printed(events: &[BuildEvent]) -> Vec<&str> {
    events.iter().filter_map(|event| if let BuildEvent::Output { line, .. } = event { Some(line.as_str()) } else { None }).collect()
}

fn started(events: &[BuildEvent]) -> usize {
    events.iter().filter(|event| matches!(event, BuildEvent::Started { .. })).count()
}

#[tokio::test]
async fn a_build_is_told_and_kept() {
    let world = World::git().with("api", Some(("echo one; echo two >&2; mkdir -p out; cp main out/api", &["out"])));
    world.write("api/main", "x").commit();
    let sources = world.open(Wanted::Default).await;
    let releases = world.build_from(&sources).await.unwrap();
    assert_eq!(contents(&releases[&component_name("api")]), ["out/api"]);
    let events = world.told();
    assert_eq!(printed(&events), ["one", "two"]);
    let log = world.cache().log(&Task::Build(component_name("api")));
    assert_eq!(fs::read_to_string(log).unwrap(), "one\ntwo\n");
    assert!(matches!(events.last(), Some(BuildEvent::Packed { files: 1, size: 1, .. })), "{events:?}");
}

#[tokio::test]
async fn a_build_knows_what_it_is_for() {
    let command = "echo $PLIMSOLL_PROJECT $PLIMSOLL_ENVIRONMENT $PLIMSOLL_COMPONENT $PLIMSOLL_VERSION; touch out";
    let mut world = World::plain().with("api", Some((command, &["out"])));
    world.write("api/main", "x");
    world.project.version = Some("1.2".into());
    world.build().await.unwrap();
    assert_eq!(printed(&world.told()), ["shop dev api 1.2"]);
}

#[tokio::test]
async fn what_was_built_is_not_built_again() {
    let world = World::git().with("api", Some(("cp main out", &["out"])));
    world.write("api/main", "1").commit();
    let first = world.build().await.unwrap();
    assert_eq!(started(&world.told()), 1);
    assert_eq!(world.build().await.unwrap(), first);
    let events = world.told();
    assert!(matches!(events[..], [BuildEvent::Cached { .. }]), "{events:?}");
    world.write("api/main", "2");
    assert_ne!(world.build().await.unwrap(), first);
    assert_eq!(started(&world.told()), 1);
}

#[tokio::test]
async fn a_damaged_release_is_built_again() {
    let world = World::git().with("api", Some(("cp main out", &["out"])));
    world.write("api/main", "1").commit();
    let first = world.build().await.unwrap();
    let kept = first[&component_name("api")].files.values().next().unwrap();
    fs::write(kept, "2").unwrap();
    world.told();
    assert_eq!(world.build().await.unwrap(), first);
    assert_eq!((started(&world.told()), fs::read_to_string(kept).unwrap().as_str()), (1, "1"));
}

#[tokio::test]
async fn the_newest_releases_are_kept() {
    let world = World::git().with("api", Some(("cp main out", &["out"])));
    for number in 0..8 {
        world.write("api/main", &number.to_string());
        world.build().await.unwrap();
    }
    assert_eq!(fs::read_dir(world.cache().root().join("built/api")).unwrap().count(), 5);
    world.told();
    world.build().await.unwrap();
    assert!(matches!(world.told()[..], [BuildEvent::Cached { .. }]), "the newest is among them");
}

/// Each build waits for the other on a pair of pipes: one after the other they would never end.
#[tokio::test]
async fn components_build_side_by_side() {
    let world = World::plain().with("a", Some(("echo go > ../to-b; read line < ../to-a; touch out", &["out"])));
    let world = world.with("b", Some(("read line < ../to-b; echo go > ../to-a; touch out", &["out"])));
    for pipe in ["to-a", "to-b"] {
        make_pipe(&world, pipe);
    }
    world.write("a/main", "").write("b/main", "");
    // One core builds one after the other, as it should.
    if std::thread::available_parallelism().unwrap().get() > 1 {
        assert_eq!(world.build().await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn builds_in_one_folder_do_not_meet() {
    let command = |name: &str| format!("mkdir busy && echo {name} > {name} && rmdir busy");
    let mut world = World::plain();
    for name in ["a", "b", "c"] {
        world = world.with(name, Some((&command(name), &[name])));
        world.component(name).path = plimsoll_model::RelPath::new("all").unwrap();
    }
    world.write("all/main", "");
    // Each one's output is a new file among the others' sources, so it has to be named beforehand.
    world.write(".gitignore", "/all/a\n/all/b\n/all/c\n");
    assert_eq!(world.build().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_shared_build_runs_once() {
    let command = "echo run >> runs.log; touch web worker";
    let mut world = World::plain().with("web", Some((command, &["web"]))).with("worker", Some((command, &["worker"])));
    for name in ["web", "worker"] {
        world.component(name).path = plimsoll_model::RelPath::new("app").unwrap();
    }
    world.write("app/main", "").write(".gitignore", "*.log\n/app/web\n/app/worker\n");
    let releases = world.build().await.unwrap();
    assert_eq!(fs::read_to_string(world.folder().join("app/runs.log")).unwrap(), "run\n");
    assert_eq!(contents(&releases[&component_name("web")]), ["web"]);
    assert_eq!(contents(&releases[&component_name("worker")]), ["worker"]);
}

#[tokio::test]
async fn a_failing_build_says_how() {
    let command = format!("for i in $(seq 30); do echo line $i; done; echo {SECRET}; exit 3");
    let world = World::plain().with("api", Some((&command, &["out"])));
    world.write("api/main", "");
    let error = world.build().await.unwrap_err();
    let (shown, help) = (error.to_string(), error.help());
    let BuildError::Command(failure) = error else { panic!("{error}") };
    let Failure { end, tail, log, .. } = *failure;
    assert_eq!((end, tail.len(), tail.last().map(String::as_str)), (End::Exit(3), 20, Some("***")));
    assert!(help.contains(log.to_str().unwrap()) && shown.starts_with("the build of api failed with exit code 3"), "{shown}");
    let told = format!("{:?}{shown}{}", world.told(), fs::read_to_string(log).unwrap());
    assert!(!told.contains(SECRET), "{told}");
}

#[tokio::test]
async fn a_failure_ends_the_other_builds() {
    let world = World::plain().with("bad", Some(("read line < ../begun; exit 1", &["out"])));
    let world = world.with("slow", Some(("exec 3> ../alive; sleep 1000 & echo > ../begun; wait", &["out"])));
    world.write("bad/main", "").write("slow/main", "");
    make_pipe(&world, "begun");
    let alive = watch(&world, "alive");
    if std::thread::available_parallelism().unwrap().get() > 1 {
        let error = world.build().await.unwrap_err();
        assert_eq!(error.code(), "build-failed");
        alive.await.unwrap();
    }
}

#[tokio::test]
async fn a_cancelled_build_leaves_no_process() {
    let world = World::plain().with("api", Some(("exec 3> ../alive; (sleep 1000 & sleep 1000) & echo begun; wait", &["out"])));
    world.write("api/main", "");
    let alive = watch(&world, "alive");
    let sources = world.open(Wanted::WorkTree).await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let build = tokio::spawn(async move { world.build_telling(&sources, &move |event| drop(tell.send(event))).await.map(drop) });
    while !matches!(told.recv().await, Some(BuildEvent::Output { .. })) {}
    build.abort();
    alive.await.unwrap();
}

#[tokio::test]
async fn what_a_build_leaves_running_is_ended() {
    let world = World::plain().with("api", Some(("exec 3> ../alive; sleep 1000 & touch out", &["out"])));
    world.write("api/main", "");
    let alive = watch(&world, "alive");
    world.build().await.unwrap();
    alive.await.unwrap();
}

#[tokio::test]
async fn sources_that_change_during_a_build_are_noticed() {
    let world = World::git().with("api", Some(("cp main out; echo more >> main", &["out"])));
    world.write("api/main", "").commit();
    let error = world.build().await.unwrap_err();
    assert!(matches!(&error, BuildError::SourcesChanged { files, .. } if files == &["api/main"]), "{error}");
    assert!(fs::read_dir(world.cache().root().join("built/api")).unwrap().next().is_none(), "nothing is kept under the old name");
}

#[tokio::test]
async fn sources_that_changed_since_the_plan_are_refused() {
    let world = World::git().with("api", None);
    world.write("api/main", "1").commit();
    let planned = world.names(Wanted::WorkTree).await.unwrap();
    world.write("api/main", "2");
    let error = world.build_named(&world.open(Wanted::WorkTree).await, &planned).await.unwrap_err();
    assert_eq!(error.code(), "sources-changed");
}

fn make_pipe(world: &World, name: &str) {
    rustix::fs::mkfifoat(rustix::fs::CWD, world.folder().join(name), rustix::fs::Mode::RWXU).unwrap();
}

/// Ends when nobody holds the pipe `name` open for writing any more, having been opened at least once.
fn watch(world: &World, name: &str) -> tokio::task::JoinHandle<()> {
    make_pipe(world, name);
    let path = world.folder().join(name);
    tokio::task::spawn_blocking(move || _ = fs::File::open(path).unwrap().read_to_end(&mut Vec::new()).unwrap())
}
