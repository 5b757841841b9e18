//! What makes two releases the same, and what does not.

use plimsoll_build::Wanted;
use plimsoll_build::name::Contents;

use crate::world::{PLATFORM, World};

fn two_components() -> World {
    let world = World::git().with("api", Some(("make", &["out"]))).with("web", None);
    world.write("api/main.c", "int main;").write("api/run.sh", "#!/bin/sh").mode("api/run.sh", 0o755).link("api/link", "main.c");
    world.write("web/index.html", "hello").write("shared/style.css", "x").write(".gitignore", "*.log\n").write("plimsoll.toml", "name = 'shop'");
    world
}

const COMMIT: Wanted = Wanted::Default;

#[tokio::test]
async fn a_commit_and_a_work_tree_with_the_same_files_are_named_alike() {
    let world = two_components();
    let before = world.names(Wanted::WorkTree).await.unwrap();
    world.commit();
    assert_eq!(world.names(COMMIT).await.unwrap(), before, "committed");
    assert_eq!(world.names(Wanted::WorkTree).await.unwrap(), before, "in the work tree");
    assert_ne!(before.values().next(), before.values().last());
}

#[tokio::test]
async fn git_and_no_git_name_alike() {
    let (git, plain) = (two_components(), World::plain().with("web", None));
    plain.write("web/index.html", "hello");
    assert_eq!(git.name("web", Wanted::WorkTree).await, plain.name("web", Wanted::WorkTree).await);
}

/// Changes a project, and expects the names of just these components to change.
async fn check(change: impl Fn(&mut World), renamed: &[&str]) {
    let mut world = two_components();
    world.commit();
    let before = world.names(Wanted::WorkTree).await.unwrap();
    change(&mut world);
    let after = world.names(Wanted::WorkTree).await.unwrap();
    let changed: Vec<&str> = before.iter().filter(|(name, id)| after[*name] != **id).map(|(name, _)| name.as_str()).collect();
    assert_eq!(changed, renamed);
}

#[tokio::test]
async fn what_a_component_is_made_from_names_it() {
    check(|world| _ = world.write("api/main.c", "int other;"), &["api"]).await;
    check(|world| _ = world.write("web/new", ""), &["web"]).await;
    check(|world| _ = world.mode("api/main.c", 0o755), &["api"]).await;
    check(|world| std::fs::remove_file(world.folder().join("api/run.sh")).unwrap(), &["api"]).await;
    check(|world| std::fs::rename(world.folder().join("api/run.sh"), world.folder().join("api/go.sh")).unwrap(), &["api"]).await;
    check(|world| std::fs::remove_file(world.folder().join("api/link")).map(|()| _ = world.link("api/link", "run.sh")).unwrap(), &["api"]).await;
    check(|world| world.component("api").build.as_mut().unwrap().command = "make all".into(), &["api"]).await;
    check(|world| world.component("api").build.as_mut().unwrap().output.clear(), &["api"]).await;
}

#[tokio::test]
async fn what_it_is_not_made_from_leaves_its_name() {
    check(|world| _ = world.write("shared/style.css", "y"), &[]).await;
    check(|world| _ = world.write("api/trace.log", "ignored"), &[]).await;
    check(|world| _ = world.write("api/.plimsoll/state", "ours"), &[]).await;
    check(|world| _ = world.write("api/out/made", "by the build"), &[]).await;
    check(|world| _ = world.write("api/node_modules/x/index.js", "fetched by the build"), &[]).await;
    check(|world| _ = world.mode("api/main.c", 0o664), &[]).await;
    check(|world| world.component("api").test = Some("true".into()), &[]).await;
}

#[tokio::test]
async fn further_sources_count() {
    let mut world = two_components();
    world.component("web").sources = vec![plimsoll_model::RelPath::new("shared").unwrap()];
    let before = world.name("web", Wanted::WorkTree).await;
    world.write("shared/style.css", "y");
    assert_ne!(world.name("web", Wanted::WorkTree).await, before);
}

#[tokio::test]
async fn what_another_build_fills_is_no_further_source() {
    let mut world = World::plain().with("web", None);
    world.write("web/index.html", "").write("api/main.rs", "");
    world.component("web").sources = vec![plimsoll_model::RelPath::new("api").unwrap()];
    let before = world.name("web", Wanted::WorkTree).await;
    world.write("api/target/debug/api", "made");
    assert_eq!(world.name("web", Wanted::WorkTree).await, before);
}

#[tokio::test]
async fn the_manifest_is_no_source_of_the_whole_folder() {
    let mut world = two_components();
    world.component("web").path = plimsoll_model::RelPath::here();
    let before = world.name("web", Wanted::WorkTree).await;
    world.write("plimsoll.toml", "name = 'other'");
    assert_eq!(world.name("web", Wanted::WorkTree).await, before);
    world.write("README", "more");
    assert_ne!(world.name("web", Wanted::WorkTree).await, before);
}

#[tokio::test]
async fn the_platform_counts() {
    let world = two_components();
    let sources = world.open(Wanted::WorkTree).await;
    let here = Contents::read(&sources, &world.project).await.unwrap().names(&world.project, PLATFORM);
    let there = Contents::read(&sources, &world.project).await.unwrap().names(&world.project, "aarch64-linux");
    assert!(here.iter().all(|(name, id)| there[name] != *id));
}

#[tokio::test]
async fn without_git_what_a_build_makes_is_no_source() {
    let world = World::plain().with("api", Some(("make", &["target/release/api", "dist"]))).with("web", None);
    world.write("api/main.rs", "").write("web/index.html", "").write("web/.gitignore", "*.log\n");
    let before = world.names(Wanted::WorkTree).await.unwrap();
    world.write("api/target/debug/api", "x").write("api/dist/x", "x").write("api/node_modules/x", "x").write("web/x.log", "x");
    assert_eq!(world.names(Wanted::WorkTree).await.unwrap(), before);
    world.write("web/node_modules/x", "part of what is released as it is");
    assert_ne!(world.names(Wanted::WorkTree).await.unwrap(), before);
}

#[tokio::test]
async fn a_project_in_a_sub_folder_is_named_alike() {
    let world = two_components();
    let alone = world.names(Wanted::WorkTree).await.unwrap();
    let inner = World::git().moved_to("examples/shop").with("api", Some(("make", &["out"]))).with("web", None);
    inner.write("api/main.c", "int main;").write("api/run.sh", "#!/bin/sh").mode("api/run.sh", 0o755).link("api/link", "main.c");
    inner.write("web/index.html", "hello").write("../outside", "x");
    inner.run_git(&["add", "--all", ":/"]);
    inner.commit();
    assert_eq!(inner.names(Wanted::WorkTree).await.unwrap(), alone);
    assert_eq!(inner.names(COMMIT).await.unwrap(), alone);
}

#[tokio::test]
async fn a_submodule_counts_as_the_files_in_it() {
    let library = World::git();
    library.write("lib.c", "1").commit();
    let world = World::git().with("api", None);
    world.write("api/main.c", "");
    let before = world.name("api", Wanted::WorkTree).await;
    world.run_git(&["submodule", "--quiet", "add", library.folder().to_str().unwrap(), "api/lib"]);
    let with = world.name("api", Wanted::WorkTree).await;
    assert_ne!(with, before);
    world.write("api/lib/lib.c", "2");
    assert_ne!(world.name("api", Wanted::WorkTree).await, with);
}

#[tokio::test]
async fn what_is_missing_or_unfit_is_named() {
    let mut world = two_components();
    world.component("web").path = plimsoll_model::RelPath::new("wbe").unwrap();
    assert_eq!(world.names(Wanted::WorkTree).await.unwrap_err().to_string(), "component web: there is no folder \"wbe\" in the project");
    world.component("web").path = plimsoll_model::RelPath::new("web").unwrap();
    world.component("web").sources = vec![plimsoll_model::RelPath::new("sahred").unwrap()];
    assert_eq!(world.names(Wanted::WorkTree).await.unwrap_err().code(), "missing-source");
    world.component("web").sources.clear();
    world.write("web/a\nb", "");
    let error = world.names(Wanted::WorkTree).await.unwrap_err();
    assert_eq!(error.to_string(), "component web: \"web/a\\\\nb\" cannot be part of a release: the path has a control character or is too long");
}
