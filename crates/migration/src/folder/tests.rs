//! Folders, good and bad.

use std::collections::BTreeMap;

use super::*;

/// Names and contents.
type Files<'a> = &'a [(&'a str, &'a str)];

fn files(files: Files<'_>) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

#[test]
fn migrations_come_in_the_order_of_their_versions() {
    let folder =
        files(&[("10_b.up.sql", "B;"), ("9_a.up.sql", "A;"), ("9_a.down.sql", "-- no-transaction\nD;"), ("README.md", "x"), (".gitkeep", "")]);
    let pairs = read("backend/migrations/", &folder).expect("they are fine");
    let told: Vec<_> = pairs.iter().map(|pair| (pair.migration.version, pair.migration.name.as_str(), pair.down.is_some())).collect();
    assert_eq!(told, [(9, "9_a", true), (10, "10_b", false)]);
    let down = pairs[0].script(Direction::Down).expect("it is there");
    assert_eq!((down.file.as_str(), down.transactional), ("backend/migrations/9_a.down.sql", false));
    assert_eq!(pairs[0].migration.down, Some(down.checksum()));
    assert_eq!(pairs[1].migration.up, pairs[1].up.checksum());
}

#[test]
fn what_is_no_migration_is_told() {
    let cases: &[(Files, &str, &str)] = &[
        (&[("1_a.sql", "A;")], "migration-name", "call it `1_a.up.sql`"),
        (&[("a.up.sql", "A;")], "migration-name", "call it `0001_what_it_does.up.sql`"),
        (&[("1_.up.sql", "A;")], "migration-name", "call it"),
        (&[("+1_a.up.sql", "A;")], "migration-name", "call it"),
        (&[("_a.down.sql", "A;")], "migration-name", "call it `0001_what_it_does.down.sql`"),
        (&[("1_a b.up.sql", "A;")], "migration-name", "call it"),
        (&[("notes.txt", "A")], "migration-name", "call it"),
        (&[("0_a.up.sql", "A;")], "migration-version", "from 1 on"),
        (&[("9223372036854775808_a.up.sql", "A;")], "migration-version", "from 1 on"),
        (&[("1_a.up.sql", "A;"), ("001_b.up.sql", "B;")], "migration-version-twice", "a version of its own"),
        (&[("1_a.down.sql", "A;")], "migration-without-up", "write `1_a.up.sql`"),
        (&[("1_a.up.sql", " \n-- nothing yet\n")], "migration-empty", "SELECT 1;"),
    ];
    for (folder, code, help) in cases {
        let findings = read("m", &files(folder)).expect_err("it is wrong");
        assert_eq!(findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), [*code], "{folder:?}");
        assert!(findings[0].help.as_ref().is_some_and(|text| text.contains(help)), "{:?}", findings[0]);
        assert!(findings[0].place.as_ref().is_some_and(|place| place.file.starts_with("m/")));
    }
}

#[test]
fn the_last_version_that_there_can_be_is_one() {
    let pairs = read("", &files(&[("9223372036854775807_a.up.sql", "A;")])).expect("it is fine");
    assert_eq!((pairs[0].migration.version, pairs[0].up.file.as_str()), (i64::MAX, "9223372036854775807_a.up.sql"));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mut folder = files(&[("1_a.sql", "A;"), ("2_b.down.sql", "B;")]);
    folder.insert("3_c.up.sql".into(), vec![0xff]);
    let codes: Vec<_> = read("", &folder).expect_err("they are wrong").into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["migration-name", "migration-not-utf8", "migration-without-up"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what a test writes is gone with it")]
fn a_folder_is_loaded_without_its_folders() {
    let folder = tempfile::tempdir().expect("there is room");
    fs::create_dir(folder.path().join("old")).expect("there is room");
    fs::write(folder.path().join("1_a.up.sql"), [0xff]).expect("there is room");
    assert_eq!(load(folder.path()).expect("it is there"), BTreeMap::from([("1_a.up.sql".into(), vec![0xff])]));
    assert!(load(&folder.path().join("new")).is_err());
}

#[test]
fn a_new_migration_comes_last_and_is_not_filled_in_yet() {
    let there = read("", &files(&[("20260101000000_a.up.sql", "A;")])).expect("it is fine");
    let new = fresh(&there, "add_email", "20260102030405").expect("it comes later");
    assert_eq!((new.up.0.as_str(), new.down.0.as_str()), ("20260102030405_add_email.up.sql", "20260102030405_add_email.down.sql"));
    let written = BTreeMap::from([(new.up.0, new.up.1.into_bytes())]);
    assert_eq!(read("", &written).expect_err("nothing is in it")[0].code, "migration-empty");
}

#[test]
fn a_new_migration_is_refused_that_would_not_be_one() {
    let there = read("", &files(&[("20260101000000_a.up.sql", "A;")])).expect("it is fine");
    let last = FreshError::NotLast { version: 20_260_101_000_000, last: "20260101000000_a".into() };
    assert_eq!(fresh(&there, "b", "20260101000000"), Err(last));
    assert_eq!(fresh(&there, "add email", "20260102000000"), Err(FreshError::Name("add email".into())));
    assert_eq!(fresh(&there, "", "20260102000000"), Err(FreshError::Name(String::new())));
    assert_eq!(fresh(&[], "b", "today"), Err(FreshError::Version("today".into())));
    assert_eq!(fresh(&[], "b", "0"), Err(FreshError::Version("0".into())));
}
