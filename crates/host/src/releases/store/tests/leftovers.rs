//! What a crash leaves behind, at any point.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use plimsoll_model::Digest;

use super::{Kept, file, key, make_file, program, release, seen, tree, web};
use crate::releases::{Releases, Store};

#[tokio::test]
async fn opening_sweeps_up() {
    let mut kept = Kept::new();
    let content = tree([("bin/run", program("x"))]);
    let one = release("one", &content);
    let place = kept.put(&one, &content, &["data"]).await;
    make_file(&kept.folders.shared(&key("dev"), &web()).join("data/.keep"), b"kept");

    // Half an upload, half a registration, half a laid-out release, half a shared folder.
    let half = place.with_file_name(".new-7");
    let leftovers = [
        kept.folders.store().join("incoming/.new-0"),
        kept.folders.store().join("releases/abc.new"),
        half.join("bin/run"),
        kept.folders.shared(&key("dev"), &web()).with_file_name(".new-8").join("x"),
    ];
    for path in &leftovers {
        make_file(path, b"half");
    }
    fs::set_permissions(half.join("bin"), fs::Permissions::from_mode(0o555)).unwrap();
    let outside = kept.folders.root().join("outside");
    make_file(&outside.join("file"), b"not ours to delete");
    symlink(&outside, half.join("link")).unwrap();

    kept.reopen();
    for path in &leftovers {
        assert!(!path.exists(), "{}", path.display());
    }
    assert!(!half.exists() && outside.join("file").exists());
    assert!(kept.folders.shared(&key("dev"), &web()).join("data/.keep").exists());
    assert_eq!(seen(&place)["bin/run"], content["bin/run"]);
    assert!(kept.store.has(&one.id).await.unwrap());
}

#[tokio::test]
async fn what_may_not_have_reached_the_disk_is_asked_for_again() {
    let mut kept = Kept::new();
    let content = tree([("a", file("one"))]);
    let one = release("one", &content);
    kept.store.take(Digest::of(b"one"), 3, &mut &b"one"[..]).await.unwrap();
    kept.reopen();
    assert_eq!(kept.store.offer(&one).await.unwrap(), [Digest::of(b"one")]);
}

#[tokio::test]
async fn a_cut_between_files_and_manifest_is_made_good() {
    let mut kept = Kept::new();
    let content = tree([("a", file("one")), ("b", program("one"))]);
    let one = release("one", &content);
    kept.bring(&one, &content).await;
    fs::remove_file(kept.folders.store().join(format!("releases/{}.json", one.id))).unwrap();
    kept.reopen();
    assert!(!kept.store.has(&one.id).await.unwrap());
    assert_eq!(kept.store.offer(&one).await.unwrap(), []);
    assert!(kept.store.has(&one.id).await.unwrap());
}

#[tokio::test]
async fn a_newer_manifest_is_refused() {
    let kept = Kept::new();
    let one = release("one", &tree([]));
    make_file(&kept.folders.store().join(format!("releases/{}.json", one.id)), br#"{"version": 2, "release": "?"}"#);
    assert_eq!(kept.store.has(&one.id).await.unwrap_err().code, "state-newer");
}

#[tokio::test]
async fn a_damaged_manifest_is_named_and_nothing_is_pruned_beside_it() {
    let kept = Kept::new();
    let content = tree([("a", file("one"))]);
    let one = release("one", &content);
    kept.bring(&one, &content).await;
    make_file(&kept.folders.store().join("releases/broken.json"), b"{");
    let trouble = kept.store.prune(&one.id).await.unwrap_err();
    assert_eq!(trouble.code, "release-store");
    assert!(trouble.message.contains("broken.json"), "{trouble}");
    assert!(kept.store.has(&one.id).await.unwrap());
}

#[test]
fn a_place_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    make_file(&folder.path().join("taken"), b"a file");
    let trouble = Store::open(&crate::folders::Folders::new(folder.path().join("taken"))).err().unwrap();
    assert!(trouble.message.contains("taken/store"), "{trouble}");
}
