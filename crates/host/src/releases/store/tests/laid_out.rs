//! What goes in is what is laid out.

use std::fs;
use std::os::unix::fs::MetadataExt;

use proptest::prelude::*;

use super::super::judge::parents;
use super::{Kept, Node, Tree, file, key, link, mode, own, program, release, seen, tree, web};
use crate::releases::Releases;

#[tokio::test]
async fn a_release_is_laid_out_read_only() {
    let kept = Kept::new();
    let content = tree([("bin/run", program("#!/bin/sh")), ("etc/deep/app.toml", file("x = 1")), ("current", link("etc/deep"))]);
    let release = release("one", &content);
    let place = kept.put(&release, &content, &[]).await;

    assert_eq!(seen(&place), content);
    for (path, expect) in [(".", 0o555), ("bin", 0o555), ("etc/deep", 0o555), ("bin/run", 0o555), ("etc/deep/app.toml", 0o444)] {
        assert_eq!(mode(&place.join(path)), expect, "{path}");
    }
}

#[tokio::test]
async fn one_content_with_two_modes_is_two_files() {
    let kept = Kept::new();
    let content = tree([("plain", file("same")), ("run", program("same"))]);
    let place = kept.put(&release("one", &content), &content, &[]).await;
    assert_eq!(seen(&place), content);
    assert_eq!(kept.stored(b"same").len(), 2);

    // The other mode alone, when one of them is there: nothing has to be sent.
    let kept = Kept::new();
    for (name, node) in [("plain", file("same")), ("run", program("same"))] {
        let content = tree([("it", node)]);
        let release = release(name, &content);
        assert_eq!(kept.store.offer(&release).await.unwrap().len(), usize::from(name == "plain"));
        assert_eq!(seen(&kept.put(&release, &content, &[]).await), content);
    }
}

#[tokio::test]
async fn laid_out_files_are_the_stored_ones() {
    let kept = Kept::new();
    let content = tree([("a", file("same")), ("b/c", file("same"))]);
    let place = kept.put(&release("one", &content), &content, &[]).await;
    let [stored] = kept.stored(b"same").try_into().unwrap();
    let inode = fs::metadata(stored).unwrap().ino();
    assert_eq!([inode; 2], ["a", "b/c"].map(|path| fs::metadata(place.join(path)).unwrap().ino()));
}

#[tokio::test]
async fn staging_and_unstaging_twice_is_doing_it_once() {
    let kept = Kept::new();
    let content = tree([("bin/run", program("x"))]);
    let release = release("one", &content);
    let place = kept.put(&release, &content, &[]).await;
    kept.stage(&release, &[]).await;
    assert_eq!(seen(&place), content);

    kept.unstage(&release).await;
    kept.unstage(&release).await;
    assert!(!place.exists());
    assert_eq!(fs::read_dir(place.parent().unwrap()).unwrap().count(), 0);
    assert!(kept.store.has(&release.id).await.unwrap());
}

#[tokio::test]
async fn what_is_not_there_cannot_be_laid_out() {
    let kept = Kept::new();
    let release = release("one", &tree([("a", file("x"))]));
    let trouble = kept.store.stage(&key("dev"), &web(), &release.id, own(&[])).await.unwrap_err();
    assert_eq!(trouble.code, "release-missing");
    assert!(!kept.store.has(&release.id).await.unwrap());
}

#[tokio::test]
async fn a_release_of_many_files_is_laid_out_whole() {
    let kept = Kept::new();
    let content: Tree = (0..700).map(|n| (format!("d{}/f{n}", n % 7), file(&format!("content {}", n % 300)))).collect();
    let place = kept.put(&release("many", &content), &content, &[]).await;
    assert_eq!(seen(&place), content);
}

#[tokio::test]
async fn environments_and_components_have_their_own() {
    let kept = Kept::new();
    let content = tree([("a", file("x"))]);
    let release = release("one", &content);
    kept.put(&release, &content, &[]).await;
    kept.store.stage(&key("production"), &web(), &release.id, own(&[])).await.unwrap();
    kept.unstage(&release).await;
    assert_eq!(seen(&kept.store.folder(&key("production"), &web(), &release.id)), content);
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let path = prop::collection::vec(prop::sample::select(vec!["a", "b", "c", ".d", "e f", "ü"]), 1..4).prop_map(|parts| parts.join("/"));
    let bytes = prop_oneof![Just(Vec::new()), Just(b"same".to_vec()), prop::collection::vec(any::<u8>(), 0..300)];
    let node = prop_oneof![4 => (bytes, any::<bool>()).prop_map(|(bytes, executable)| Node::File(bytes, executable)), 1 => Just(link("./nowhere"))];
    prop::collection::btree_map(path, node, 0..12).prop_map(without_overlaps)
}

/// Leaves out what would lie below a file or a link.
fn without_overlaps(all: Tree) -> Tree {
    all.iter().filter(|(path, _)| !parents(path).any(|parent| all.contains_key(parent))).map(|(path, node)| (path.clone(), node.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_release_comes_out_as_it_went_in(content in any_tree()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let kept = Kept::new();
            let release = release("any", &content);
            let place = kept.put(&release, &content, &[]).await;
            prop_assert_eq!(seen(&place), content.clone());
            prop_assert_eq!(kept.store.verify(&release.id).await.unwrap(), []);
            kept.unstage(&release).await;
            kept.stage(&release, &[]).await;
            prop_assert_eq!(seen(&place), content.clone());
            Ok(())
        })?;
    }
}
