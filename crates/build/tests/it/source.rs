//! What is asked for, and what it turns out to be.

use plimsoll_build::{BuildError, Place, Sources, Wanted};

use crate::world::World;

fn branch(name: &str) -> Wanted {
    Wanted::Branch(name.into())
}

#[tokio::test]
async fn the_default_is_the_checked_out_commit() {
    let world = World::git();
    let commit = world.write("a", "1").commit();
    world.write("a", "2");
    let chosen = world.resolve(Wanted::Default).await.unwrap();
    assert_eq!((chosen.place, chosen.source.commit, chosen.source.dirty), (Place::Commit, Some(commit), false));
    assert_eq!(chosen.source.branch.as_deref(), Some("main"));
}

#[tokio::test]
async fn a_commit_can_be_checked_out_without_a_branch() {
    let world = World::git();
    let commit = world.write("a", "1").commit();
    world.run_git(&["checkout", "--quiet", "--detach"]);
    let source = world.resolve(Wanted::Default).await.unwrap().source;
    assert_eq!((source.commit, source.branch), (Some(commit), None));
}

#[tokio::test]
async fn the_default_follows_the_environment() {
    let mut world = World::git();
    let first = world.write("a", "1").commit();
    world.run_git(&["branch", "dev"]);
    world.write("a", "2").commit();
    world.project.environment.branch = Some("dev".into());
    let chosen = world.resolve(Wanted::Default).await.unwrap();
    assert_eq!((chosen.source.commit, chosen.source.branch.as_deref()), (Some(first), Some("dev")));
    world.project.environment.work_tree = true;
    assert_eq!(world.resolve(Wanted::Default).await.unwrap().place, Place::WorkTree);
}

#[tokio::test]
async fn commits_and_tags_are_found_by_name() {
    let world = World::git();
    let first = world.write("a", "1").commit();
    world.run_git(&["tag", "--annotate", "v1", "--message", "one"]);
    let second = world.write("a", "2").commit();
    let commit_of = async |wanted| world.resolve(wanted).await.unwrap().source;
    for wanted in [Wanted::Tag("v1".into()), Wanted::Commit(first.clone()), Wanted::Commit(first[..9].into()), Wanted::Commit("HEAD~1".into())] {
        let source = commit_of(wanted).await;
        assert_eq!((source.commit.as_ref(), source.tag.as_deref(), source.version.as_str()), (Some(&first), Some("v1"), "v1"));
    }
    let source = commit_of(Wanted::Commit("HEAD".into())).await;
    assert_eq!((source.version, source.tag), (second[..8].to_owned(), None));
}

#[tokio::test]
async fn a_branch_of_origin_stands_in_for_one_that_is_not_checked_out() {
    let world = World::git();
    let commit = world.write("a", "1").commit();
    world.run_git(&["update-ref", "refs/remotes/origin/dev", &commit]);
    assert_eq!(world.resolve(branch("dev")).await.unwrap().source.commit, Some(commit));
}

#[tokio::test]
async fn what_does_not_exist_is_said_with_what_is_like_it() {
    let world = World::git();
    world.write("a", "1").commit();
    world.run_git(&["tag", "v1.0"]);
    for (wanted, help) in [
        (branch("mian"), "did you mean \"main\"?"),
        (Wanted::Tag("v1.1".into()), "did you mean \"v1.0\"?"),
        (branch("--all"), "`git branch --all` shows"),
        (branch("main~0"), "did you mean \"main\"?"),
        (Wanted::Commit("--all".into()), "`git log --oneline` shows"),
        (Wanted::Commit("0123456".into()), "`git log --oneline` shows"),
        (Wanted::Commit(String::new()), "`git log --oneline` shows"),
    ] {
        let error = world.resolve(wanted.clone()).await.unwrap_err();
        assert_eq!(error.code(), "unknown-revision", "{wanted:?}");
        assert!(error.help().starts_with(help), "{wanted:?}: {}", error.help());
    }
}

#[tokio::test]
async fn a_repository_without_commits_has_only_its_work_tree() {
    let world = World::git().with("site", None);
    world.write("site/index.html", "hello");
    for wanted in [Wanted::Default, branch("main")] {
        assert_eq!(world.resolve(wanted).await.unwrap_err().code(), "no-commits");
    }
    let chosen = world.resolve(Wanted::WorkTree).await.unwrap();
    assert_eq!((chosen.source.version.as_str(), chosen.source.commit, chosen.source.dirty), ("unversioned", None, true));
    world.build().await.unwrap();
}

#[tokio::test]
async fn a_folder_without_git_is_its_own_source() {
    let world = World::plain();
    let chosen = world.resolve(Wanted::Default).await.unwrap();
    assert_eq!((chosen.place, chosen.source.version.as_str(), chosen.source.commit), (Place::WorkTree, "unversioned", None));
    assert_eq!(world.resolve(branch("main")).await.unwrap_err().code(), "not-a-repository");
}

#[tokio::test]
async fn a_folder_that_its_repository_ignores_is_its_own_source() {
    let world = World::git();
    world.write(".gitignore", "sub/\n").commit();
    let world = world.moved_to("sub").with("site", None);
    world.write("site/index.html", "hello");
    let chosen = world.resolve(Wanted::Default).await.unwrap();
    assert_eq!((chosen.place, chosen.source.commit), (Place::WorkTree, None));
    world.build().await.unwrap();
}

#[tokio::test]
async fn only_the_projects_own_folder_makes_it_dirty() {
    let world = World::git();
    world.write("sub/a", "1").write("other", "1").commit();
    world.write("other", "2");
    let world = world.moved_to("sub");
    world.write(".plimsoll/note", "ours");
    assert!(!world.resolve(Wanted::WorkTree).await.unwrap().source.dirty);
    world.write("b", "new");
    let source = world.resolve(Wanted::WorkTree).await.unwrap().source;
    assert!(source.dirty && source.version.ends_with("+dirty"), "{source:?}");
}

#[tokio::test]
async fn a_version_in_the_manifest_comes_first() {
    let mut world = World::git();
    world.write("a", "1").commit();
    world.project.version = Some("3.1".into());
    assert_eq!(world.resolve(Wanted::Default).await.unwrap().source.version, "3.1");
}

#[tokio::test]
async fn a_commit_without_the_project_is_refused() {
    let world = World::git();
    world.write("a", "1").commit();
    let world = world.moved_to("later");
    let chosen = world.resolve(Wanted::Commit("HEAD".into())).await.unwrap();
    let error = Sources::open(world.folder(), &chosen, &world.cache(), &|_| {}).await.unwrap_err();
    assert!(matches!(error, BuildError::NotInCommit { ref path, .. } if path == "later/"), "{error}");
}
