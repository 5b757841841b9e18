//! Copies of backups elsewhere: made by the host itself, readable for few, and enough to begin anew from.

use std::fs;

use plimsoll_testkit::fixtures::{Bucket, Ran};
use serde_json::Value;

use crate::ask::{get, until};
use crate::data::{Scene, on_each};
use crate::outside::{KEY, READER};

impl Scene {
    /// Has its backups copied into a bucket, where two of each database stay.
    fn copied(&self) -> Bucket {
        let (bucket, project) = (Bucket::new(), &self.project);
        let keys = "access_key = { secret = \"S3_ID\" }\nsecret_key = { secret = \"S3_KEY\" }";
        project.append(&format!(
            "\n[environments.local.backups.copy]\nto = \"s3://{}/kept\"\nendpoint = \"{}\"\n{keys}\nrecipients = [\"{READER}\"]\nkeep = 2\n",
            Bucket::NAME,
            bucket.url()
        ));
        project.write(".id", Bucket::ACCESS_KEY);
        project.write(".key", Bucket::SECRET_KEY);
        project.write(".identity", KEY);
        let commands = "S3_ID = \"cat .id\", S3_KEY = \"cat .key\"";
        match self.server {
            Some(_) => project.edit("commands = {", &format!("commands = {{ {commands},")),
            None => project.append(&format!("\n[secrets]\ncommands = {{ {commands} }}\n")),
        }
        bucket
    }

    fn say(&self, words: &[&str]) -> Ran {
        self.project.run(words.iter().copied())
    }

    fn copies(&self) -> Vec<Value> {
        self.say(&["backup", "copies", "local"]).ended(0).detail("/copies").as_array().expect("it is a list").clone()
    }

    /// Writes a note, and takes a backup of it; answers its name.
    fn note(&self, text: &str) -> String {
        self.ask(&format!("INSERT INTO notes (id, text) SELECT COALESCE(MAX(id), 0) + 1, '{text}' FROM notes RETURNING text"));
        let taken = self.say(&["backup", "create", "local"]).ended(0);
        assert!(taken.detail("/backups/0/copied/to").as_str().is_some_and(|to| to.ends_with("/kept")), "{taken:?}");
        taken.detail("/backups/0/id").as_str().expect("a name is text").to_owned()
    }

    fn identity(&self) -> String {
        self.project.folder().join(".identity").display().to_string()
    }

    /// Loses the host with all that is on it, and the database.
    fn lose_everything(&self) {
        let _ = self.say(&["host", "stop"]).ended(0);
        for entry in fs::read_dir(self.project.home.path()).expect("it is there") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("it can be deleted");
        }
        if self.server.is_some() {
            self.execute("DROP SCHEMA public CASCADE");
            self.execute("CREATE SCHEMA public");
        }
    }
}

#[test]
fn a_host_that_is_lost_is_followed_by_one_that_begins_with_a_copy() {
    on_each(|scene| {
        let _bucket = scene.copied();
        scene.project.deploy();
        let _ = scene.note("one");
        scene.second();
        scene.project.deploy();
        let id = scene.note("two");
        // What came after the backup is lost, and nothing else.
        scene.ask("INSERT INTO notes (id, text) VALUES (3, 'three') RETURNING text");
        scene.lose_everything();
        assert_eq!(scene.copies().last().map(|copy| copy["id"].clone()), Some(id.as_str().into()), "a new host is told where to look");
        let refused = scene.say(&["snapshot", "restore", "local", &id, "--yes"]).ended(1);
        assert_eq!(refused.document()["code"], "secrets-no-key", "{refused:?}");
        let restore = || scene.say(&["--identity", &scene.identity(), "snapshot", "restore", "local", &id, "--yes"]);
        if scene.server.is_some() {
            // Whose table that is nobody knows, as no migration has made it.
            scene.execute("CREATE TABLE theirs (id INTEGER)");
            assert_eq!(restore().ended(1).document()["code"], "database-occupied");
            scene.execute("DROP TABLE theirs");
        }
        let restored = restore().ended(0);
        assert_eq!(restored.detail("/deployment/outcome"), "committed", "{restored:?}");
        assert_eq!(get(&scene.project.url("web", "/")), "version 2");
        assert_eq!(scene.ask("SELECT text FROM notes ORDER BY id"), ["one", "two"]);
        assert_eq!(scene.ask("SELECT CAST(version AS TEXT) FROM _sqlx_migrations ORDER BY version"), ["1", "2", "3"]);
        // From then on it is a host like any other.
        let _ = scene.note("four");
        let status = scene.say(&["status", "local", "--strict"]).ended(0);
        assert_eq!(status.detail("/components/0/copies/newest"), status.detail("/components/0/backed_up_at"), "{status:?}");
        let again = scene.say(&["snapshot", "restore", "local", &id, "--yes"]).ended(0);
        assert_eq!((again.document()["code"].as_str(), again.detail("/deployment/outcome")), (Some("restored"), "unchanged".into()), "{again:?}");
        assert_eq!(scene.ask("SELECT text FROM notes ORDER BY id"), ["one", "two"]);
    });
}

#[test]
fn copies_are_for_their_readers_and_as_many_as_are_wanted() {
    let scene = Scene::on_sqlite();
    let bucket = scene.copied();
    scene.project.deploy();
    let ids = ["one", "two", "three"].map(|text| scene.note(text));
    let copies = scene.copies();
    assert_eq!(
        copies.iter().map(|copy| (&copy["id"], &copy["encrypted"])).collect::<Vec<_>>(),
        [(&Value::from(ids[1].as_str()), &true.into()), (&Value::from(ids[2].as_str()), &true.into())]
    );
    let object = fs::read(bucket.file(&format!("kept/tiny/local/main/{}.tar.age", ids[2]))).expect("it lies there");
    assert_eq!(object.len(), usize::try_from(copies[1]["bytes"].as_u64().unwrap_or(0)).unwrap_or(0));
    assert!(object.starts_with(b"age-encryption.org/v1\n") && !object.windows(13).any(|bytes| bytes == b"manifest.json"));
    // One that its host has lost is brought back, and counts; a damaged one is none.
    let room = scene.project.home.path().join("environments/tiny/local/backups/main");
    fs::remove_dir_all(room.join(&ids[1])).expect("it is there");
    let identity = scene.identity();
    let fetched = scene.say(&["--identity", &identity, "backup", "fetch", "local", &ids[1]]).ended(0);
    assert_eq!(fetched.detail("/backups/0/counts"), true, "{fetched:?}");
    assert!(fetched.detail("/backups/0/copied/to").is_string(), "it need not be copied again: {fetched:?}");
    assert_eq!(scene.say(&["backup", "verify", "local", &ids[1]]).ended(0).detail("/backups/0/counts"), true);
    let mut damaged = object.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    fs::write(bucket.file(&format!("kept/tiny/local/main/{}.tar.age", ids[2])), damaged).expect("it can be written");
    fs::remove_dir_all(room.join(&ids[2])).expect("it is there");
    let refused = scene.say(&["--identity", &identity, "backup", "fetch", "local", &ids[2]]).ended(1);
    assert_eq!(refused.document()["code"], "copy-damaged", "{refused:?}");
    assert!(!room.join(&ids[2]).exists());
    assert_eq!(scene.say(&["backup", "fetch", "local", "no"]).ended(2).document()["code"], "unknown-backup");
}

#[test]
fn a_place_that_refuses_is_told_and_what_waits_is_copied_when_it_does_no_more() {
    let scene = Scene::on_sqlite();
    let _bucket = scene.copied();
    scene.project.write(".key", "planted-wrong-key");
    scene.project.deploy();
    let refused = scene.say(&["backup", "create", "local"]).ended(1);
    assert_eq!(refused.document()["code"], "copy-denied", "{refused:?}");
    assert!(!refused.stdout.contains("planted-wrong-key"));
    assert_eq!(scene.say(&["backup", "list", "local"]).ended(0).detail("/backups/0/counts"), true, "it is there all the same");
    let strict = scene.say(&["status", "local", "--strict"]).ended(6);
    assert_eq!(strict.document()["code"], "backup-too-old", "{strict:?}");
    let entries = scene.say(&["audit", "list", "local"]).ended(0).detail("/entries");
    assert!(entries.to_string().contains("copy-denied"), "{entries:#}");
    // The next deployment brings the key, and the host copies by itself.
    scene.project.write(".key", Bucket::SECRET_KEY);
    scene.project.deploy();
    until(1, || scene.copies().len());
    until(Value::from("nothing"), || if scene.say(&["status", "local", "--strict"]).code == Some(0) { "nothing".into() } else { Value::Null });
    let nothing = scene.say(&["backup", "copy", "local"]).ended(0);
    assert_eq!(nothing.detail("/copies"), Value::Array(Vec::new()));
}

#[test]
fn who_copies_nowhere_is_told_how_that_is_written() {
    let scene = Scene::on_sqlite();
    scene.project.deploy();
    for command in ["copies", "copy"] {
        assert_eq!(scene.say(&["backup", command, "local"]).ended(3).document()["code"], "no-copies");
    }
    scene.project.append("\n[environments.local.backups.copy]\nto = \"sftp://backup@nas.example/srv\"\naccess_key = { secret = \"S3_ID\" }\n");
    let told = scene.say(&["check"]).ended(3);
    let codes: Vec<Value> = told.detail("/findings").as_array().into_iter().flatten().map(|finding| finding["code"].clone()).collect();
    assert_eq!(codes, ["missing-key", "missing-key", "bad-value"], "{told:?}");
}
