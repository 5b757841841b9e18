//! What lies on the disk, and who may write to it.

use plimsoll_model::Recipient;
use plimsoll_vault::Document;

use crate::scene::{MARK, Scene, document, recipients, ring};

#[test]
fn what_lies_on_the_disk_is_armored_and_tells_nothing() {
    let scene = Scene::kept(&["ada", "lee"]);
    let text = String::from_utf8(scene.bytes()).unwrap();
    assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"), "{text}");
    for word in [MARK, "A_KEY", "ada@desk"] {
        assert!(!text.contains(word), "{text}");
    }
    assert_eq!(scene.mode(), 0o600);
    let beside = scene.file.path().parent().unwrap().read_dir().unwrap().count();
    assert_eq!((scene.file.name().as_str(), beside), (".plimsoll/secrets/local.age", 1));
}

#[test]
fn who_is_not_named_any_more_cannot_read_what_is_written_then() {
    let scene = Scene::kept(&["ada", "kim"]);
    let seen = scene.file.read(&ring(&["ada"])).unwrap();
    scene.file.write(&seen, seen.document.clone(), &recipients(&["ada", "lee"])).unwrap();
    for (name, reads) in [("ada", true), ("kim", false), ("lee", true)] {
        assert_eq!(scene.file.read(&ring(&[name])).is_ok(), reads, "{name}");
    }
}

#[test]
fn of_two_who_write_at_once_the_second_is_refused() {
    let scene = Scene::kept(&["ada"]);
    let (one, other) = (scene.file.read(&ring(&["ada"])).unwrap(), scene.file.read(&ring(&["ada"])).unwrap());
    scene.file.write(&one, Document::default(), &recipients(&["ada"])).unwrap();
    let kept = scene.bytes();
    let error = scene.file.write(&other, document(), &recipients(&["ada"])).unwrap_err();
    assert_eq!((error.code(), scene.bytes()), ("secrets-changed", kept));
}

#[test]
fn what_nobody_could_read_is_not_written() {
    let scene = Scene::new();
    let seen = scene.file.read(&ring(&[])).unwrap();
    // Whole as far as can be seen in how it is written, and no key.
    let broken = Recipient::new(&format!("ssh-rsa AAAAB3NzaC1yc2EA{}", "A".repeat(356))).unwrap();
    for (recipients, code) in [(Vec::new(), "secrets-no-recipients"), (vec![broken], "bad-recipient")] {
        assert_eq!(scene.file.write(&seen, document(), &recipients).unwrap_err().code(), code);
        assert!(!scene.file.exists());
    }
}
