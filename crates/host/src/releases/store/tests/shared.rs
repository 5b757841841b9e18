//! What outlives releases.

use std::fs;
use std::os::unix::fs::symlink;

use super::{Kept, Node, file, key, link, make_file, mode, overwrite, own, paths, program, release, seen, tree, web};
use crate::releases::Releases;

#[tokio::test]
async fn what_is_shared_survives_releases() {
    let kept = Kept::new();
    let shared = ["data", "conf/app.toml", "log/deep"];
    let first = tree([("conf/app.toml", file("first")), ("conf/other", file("x")), ("data/seed", file("seed")), ("data/d/run", program("y"))]);
    let one = kept.put(&release("one", &first), &first, &shared).await;
    assert_eq!(fs::read(one.join("conf/app.toml")).unwrap(), b"first");
    assert_eq!(fs::read(one.join("data/d/run")).unwrap(), b"y");
    make_file(&one.join("data/new"), b"written by the program");
    make_file(&one.join("log/deep/today"), b"a line");
    overwrite(&one.join("conf/app.toml"), b"changed by hand");

    let second = tree([("conf/app.toml", file("second")), ("data/seed", file("other seed")), ("data/late", file("late"))]);
    let two = kept.put(&release("two", &second), &second, &shared).await;
    kept.unstage(&release("one", &first)).await;
    let read = |path: &str| String::from_utf8(fs::read(two.join(path)).unwrap()).unwrap();
    assert_eq!(read("conf/app.toml"), "changed by hand");
    assert_eq!(read("data/seed"), "seed");
    assert_eq!(read("data/new"), "written by the program");
    assert_eq!(read("log/deep/today"), "a line");
    assert!(!two.join("data/late").exists(), "only the first release seeds");
    assert_eq!(kept.store.verify(&release("two", &second).id).await.unwrap(), [], "what was changed is no stored file");
}

#[tokio::test]
async fn links_lead_to_the_shared_folder() {
    let kept = Kept::new();
    let content = tree([("a", file("x"))]);
    let place = kept.put(&release("one", &content), &content, &["data", "data/cache", "var/log"]).await;
    let target = |path: &str| link(kept.folders.shared(&key("dev"), &web()).join(path).to_str().unwrap());
    let expect = tree([("a", file("x")), ("data", target("data")), ("var/log", target("var/log"))]);
    assert_eq!(seen(&place), expect);
    assert!(place.join("data/cache").is_dir() && place.join("var/log").is_dir());
}

#[tokio::test]
async fn seeds_can_be_written_to() {
    let kept = Kept::new();
    let content = tree([("data/d/plain", file("x")), ("data/d/run", program("x")), ("data/l", link("d/plain"))]);
    kept.put(&release("one", &content), &content, &["data"]).await;
    let shared = kept.folders.shared(&key("dev"), &web());
    assert_eq!(seen(&shared), content);
    assert_eq!(["data/d/plain", "data/d/run"].map(|path| mode(&shared.join(path))), [0o644, 0o755]);
    assert_ne!(mode(&shared.join("data/d")) & 0o200, 0);
}

#[tokio::test]
async fn what_a_program_put_in_the_way_is_not_followed() {
    let kept = Kept::new();
    let outside = kept.folders.root().join("outside");
    fs::create_dir_all(&outside).unwrap();
    let shared = kept.folders.shared(&key("dev"), &web());
    fs::create_dir_all(&shared).unwrap();
    symlink(&outside, shared.join("data")).unwrap();

    let content = tree([("data/inner/x", file("x"))]);
    let one = release("one", &content);
    kept.bring(&one, &content).await;
    let trouble = kept.store.stage(&key("dev"), &web(), &one.id, own(&paths(&["data/inner"]))).await.unwrap_err();
    assert_eq!(trouble.code, "release-hostile");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert!(!kept.place(&one).exists());
}

#[tokio::test]
async fn a_link_in_the_place_of_what_is_shared_gives_way() {
    let kept = Kept::new();
    let content = tree([("real/x", file("x")), ("data", link("real"))]);
    let place = kept.put(&release("one", &content), &content, &["data"]).await;
    assert!(matches!(&seen(&place)["data"], Node::Link(target) if target.ends_with("shared/web/data")));
    assert_eq!(seen(&kept.folders.shared(&key("dev"), &web())), tree([]));
}
