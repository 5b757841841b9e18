//! Which keys open a file, who is asked for a passphrase, and what is told when none does.

use std::io::Write;

use plimsoll_vault::Keyring;

use crate::scene::{MARK, PASSPHRASE, Scene, asking, document, recipients, ring};

/// Opens a file for `readers` with the keys of `keys`, where someone says these words; gives the error's code, and how often was asked.
#[track_caller]
fn check(readers: &[&str], keys: &[&str], words: &[&'static str], expect: (Result<(), &str>, usize)) {
    let scene = Scene::kept(readers);
    let (ring, person) = asking(keys, words);
    let opened = scene.file.read(&ring);
    if let Ok(seen) = &opened {
        assert_eq!((&seen.document.values, &seen.document.recipients), (&document().values, &recipients(readers)));
    }
    let told = opened.map(drop).map_err(|error| error.code());
    assert_eq!((told, person.asked()), expect, "{readers:?} {keys:?} {words:?}");
}

#[test]
fn each_kind_of_key_opens_what_is_for_it_and_nothing_else() {
    for reader in ["ada", "kim", "lee"] {
        check(&[reader], &[reader], &[], (Ok(()), 0));
        check(&["ada", "kim", "lee", "locked"], &[reader], &[], (Ok(()), 0));
        let others: Vec<&str> = ["ada", "kim", "lee"].into_iter().filter(|other| *other != reader).collect();
        check(&others, &[reader], &[], (Err("secrets-no-key"), 0));
        check(&others, &[reader, others[0]], &[], (Ok(()), 0));
    }
    check(&["ada"], &[], &[], (Err("secrets-no-key"), 0));
}

#[test]
fn a_passphrase_is_asked_for_where_it_helps() {
    check(&["locked"], &["locked"], &[PASSPHRASE], (Ok(()), 1));
    check(&["ada", "locked"], &["lee", "locked"], &[PASSPHRASE], (Ok(()), 1));
    check(&["locked"], &["locked"], &["wrong", PASSPHRASE], (Ok(()), 2));
    check(&["locked"], &["locked"], &["wrong", "", "wrong"], (Err("secrets-wrong-passphrase"), 3));
    check(&["locked"], &["locked"], &["wrong"], (Err("secrets-wrong-passphrase"), 2));
    check(&["locked"], &["locked"], &[], (Err("secrets-key-locked"), 1));
    // Another key opens it, or this one would not: nobody is disturbed.
    check(&["ada", "locked"], &["locked", "ada"], &[], (Ok(()), 0));
    check(&["ada"], &["locked"], &[], (Err("secrets-no-key"), 0));
}

#[test]
fn keys_that_are_of_no_use_are_passed_over_or_told() {
    let scene = Scene::kept(&["ada"]);
    assert!(scene.file.read(&ring(&["absent", "odd", "ada"])).is_ok());
    let told = scene.file.read(&ring(&["odd"])).unwrap_err().to_string();
    assert!(told.contains("none of your keys") && told.contains("odd was not tried"), "{told}");
    for (name, code) in [("odd", "secrets-bad-key"), ("ada.pub", "secrets-bad-key"), ("absent", "secrets-file")] {
        let named = Keyring { named: true, ..ring(&[name]) };
        assert_eq!(scene.file.read(&named).unwrap_err().code(), code, "{name}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a file for a test need not survive a crash")]
fn a_damaged_file_is_told_and_never_half_read() {
    let scene = Scene::kept(&["ada"]);
    let whole = scene.bytes();
    let cut = (0..whole.len() - 1).step_by(37).map(|length| whole[..length].to_vec());
    let changed = (30..whole.len() - 40).step_by(23).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        bytes
    });
    for bytes in cut.chain(changed).chain([b"A_KEY = \"x\"\n".to_vec()]) {
        std::fs::write(scene.file.path(), &bytes).unwrap();
        let error = scene.file.read(&ring(&["ada"])).expect_err("it is not whole");
        assert!(["secrets-damaged", "secrets-no-key"].contains(&error.code()), "{error}: {}", String::from_utf8_lossy(&bytes));
        assert!(!error.to_string().contains(MARK));
    }
}

/// What `age` writes without `--armor`, with lines that a person wrote.
#[test]
#[expect(clippy::disallowed_methods, reason = "a file for a test need not survive a crash")]
fn what_age_itself_has_written_is_read() {
    let scene = Scene::kept(&["lee"]);
    let lee = recipients(&["lee"]).remove(0);
    let key: age::x25519::Recipient = lee.key().parse().unwrap();
    let mut writer = age::Encryptor::with_recipients([&key as &dyn age::Recipient].into_iter()).unwrap().wrap_output(Vec::new()).unwrap();
    writer.write_all(b"# mine\nA_KEY = 'x'\n").unwrap();
    std::fs::write(scene.file.path(), writer.finish().unwrap()).unwrap();
    let seen = scene.file.read(&ring(&["lee"])).unwrap();
    assert_eq!(seen.document.values["A_KEY"].expose(), "x");
}
