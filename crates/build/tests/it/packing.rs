//! What is in a release.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use plimsoll_model::RelPath;
use plimsoll_model::release::FileContent;

use crate::world::{World, component_name, contents};

/// Builds `api`, with what `make` puts there as the output of its build, and answers what the release holds.
async fn pack(output: &[&str], make: impl Fn(&World)) -> Result<Vec<String>, String> {
    let world = World::plain().with("api", Some(("true", output)));
    world.write("api/main.c", "");
    make(&world);
    world.build().await.map(|releases| contents(&releases[&component_name("api")])).map_err(|error| format!("{}: {error}", error.code()))
}

#[tokio::test]
async fn outputs_land_under_their_last_names() {
    let made = pack(&["target/release/api", "dist"], |world| {
        world.write("api/target/release/api", "x").mode("api/target/release/api", 0o4750).write("api/dist/a/b", "").link("api/dist/c", "a/b");
    });
    assert_eq!(made.await.unwrap(), ["api*", "dist/a/b", "dist/c -> a/b"]);
}

#[tokio::test]
async fn the_whole_folder_leaves_out_what_is_gits_and_ours() {
    let made = pack(&["."], |world| {
        world.write("api/.git/HEAD", "x").write("api/.plimsoll/x", "x").write("api/.env", "x").write("api/node_modules/.bin/x", "x");
    });
    assert_eq!(made.await.unwrap(), [".env", "main.c", "node_modules/.bin/x"]);
}

#[tokio::test]
async fn the_manifest_of_the_project_is_in_no_release() {
    let mut world = World::plain().with("api", Some(("true", &["."])));
    world.component("api").path = RelPath::here();
    world.write("plimsoll.toml", "").write("main", "").write("inner/plimsoll.toml", "");
    assert_eq!(contents(&world.build().await.unwrap()[&component_name("api")]), ["inner/plimsoll.toml", "main"]);
}

#[tokio::test]
async fn without_a_build_the_sources_are_the_release() {
    let mut world = World::git().with("web", None);
    world.write("web/index.html", "").write("web/x.log", "").write("web/a/b", "").write(".gitignore", "*.log").write("plimsoll.toml", "");
    let releases = world.build().await.unwrap();
    assert_eq!(contents(&releases[&component_name("web")]), ["a/b", "index.html"]);
    world.component("web").path = RelPath::here();
    let releases = world.build().await.unwrap();
    assert_eq!(contents(&releases[&component_name("web")]), [".gitignore", "web/a/b", "web/index.html"]);
}

#[tokio::test]
async fn what_is_not_built_is_sent_from_where_it_lies() {
    let world = World::git().with("web", None);
    world.write("web/index.html", "1").commit();
    let releases = world.build().await.unwrap();
    let packed = &releases[&component_name("web")];
    let [file] = &packed.manifest.files[..] else { panic!("{packed:?}") };
    let FileContent::File { digest, size: 1, executable: false } = file.content else { panic!("{file:?}") };
    assert_eq!(digest, plimsoll_model::Digest::of(b"1"));
    assert!(!packed.files[&digest].starts_with(world.cache().root().join("built")));
    assert_eq!(fs::read(&packed.files[&digest]).unwrap(), b"1");
}

#[tokio::test]
async fn no_permission_but_execution_is_kept() {
    let world = World::plain().with("api", Some(("true", &["tool", "text"])));
    world.write("api/tool", "x").mode("api/tool", 0o6711).write("api/text", "y").mode("api/text", 0o600);
    let packed = &world.build().await.unwrap()[&component_name("api")];
    assert_eq!(contents(packed), ["text", "tool*"]);
    for entry in &packed.manifest.files {
        let FileContent::File { digest, executable, .. } = entry.content else { panic!("{entry:?}") };
        let mode = fs::metadata(&packed.files[&digest]).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, if executable { 0o755 } else { 0o644 });
    }
}

#[tokio::test]
async fn what_cannot_be_in_a_release_is_refused() {
    let refused = |code: &'static str, output: &'static [&str], make: fn(&World)| async move {
        let error = pack(output, make).await.unwrap_err();
        assert!(error.starts_with(code), "{error}");
    };
    refused("missing-output", &["dist"], |_| {}).await;
    refused("output-clash", &["a/x", "b/x"], |world| _ = world.write("api/a/x", "").write("api/b/x", "")).await;
    refused("output-clash", &["a/x", "b/x"], |world| _ = world.write("api/a/x", "").write("api/b/x/y", "")).await;
    refused("empty-release", &["dist"], |world| fs::create_dir(world.folder().join("api/dist")).unwrap()).await;
    refused("unfit-file", &["dist"], |world| _ = world.link("api/dist/x", "/etc/passwd")).await;
    refused("unfit-file", &["dist"], |world| _ = world.link("api/dist/x", "../../secret")).await;
    refused("unfit-file", &["dist"], |world| _ = world.link("api/dist/a/x", "../../y").link("api/dist/z", "a/x/../..")).await;
    refused("unfit-file", &["dist"], |world| _ = world.write("api/dist/a\u{1b}[2Jb", "")).await;
    refused("unfit-file", &["dist"], |world| {
        world.write("api/dist/x", "");
        UnixListener::bind(world.folder().join("api/dist/s")).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_large_tree_is_packed() {
    let made = pack(&["dist"], |world| {
        for number in 0..3000 {
            world.write(&format!("api/dist/{}/{number}", number % 50), &number.to_string());
        }
    });
    assert_eq!(made.await.unwrap().len(), 3000);
}

#[tokio::test]
async fn an_output_that_is_itself_a_link_is_followed() {
    let made = pack(&["current"], |world| _ = world.write("api/v2/app", "").link("api/current", "v2"));
    assert_eq!(made.await.unwrap(), ["current/app"]);
}
