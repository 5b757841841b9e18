//! Backups: what a deployment takes before it migrates, what one asks for, and what comes back.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::ask::{get, until};
use crate::data::{Scene, on_each, place};
use crate::running::Running;
use plimsoll_testkit::fixtures::{Process, Ran};

impl Scene {
    /// Backs its databases up before they are migrated, and keeps few.
    fn careful(&self) -> &Self {
        self.project.edit("lease = \"30s\"", "lease = \"30s\"\nrequires = { backup = true }\nbackups = { keep = 2, max_age = \"1h\" }");
        self
    }

    fn backup(&self, arguments: &[&str]) -> Ran {
        self.project.run(["backup"].iter().chain(arguments).copied())
    }

    fn backups(&self) -> Vec<Value> {
        self.backup(&["list", "local"]).ended(0).detail("/backups").as_array().expect("it is a list").clone()
    }

    /// Takes one by hand; answers its name.
    fn take(&self) -> String {
        let told = self.backup(&["create", "local"]).ended(0);
        assert_eq!(told.detail("/backups/0/counts"), true, "{told:?}");
        told.detail("/backups/0/id").as_str().expect("a name is text").to_owned()
    }

    fn file(&self, id: &str, name: &str) -> PathBuf {
        let folder = self.project.home.path().join("environments/tiny/local/backups/main").join(id);
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut files = entries.map(|entry| entry.expect("it can be read").path());
        files.find(|path| path.file_name().is_some_and(|found| found.to_string_lossy().starts_with(name))).expect("it is there")
    }

    fn write(&self, text: &str) {
        self.ask(&format!("INSERT INTO notes (id, text) SELECT COALESCE(MAX(id), 0) + 1, '{text}' FROM notes RETURNING text"));
    }

    fn notes(&self) -> Vec<String> {
        self.ask("SELECT text FROM notes ORDER BY id")
    }
}

#[test]
fn a_deployment_that_migrates_backs_up_first_and_one_that_does_not_takes_none() {
    on_each(|scene| {
        let project = &scene.careful().project;
        project.deploy();
        scene.write("before");
        let before = scene.backups().len();
        project.service("web", "1 prints=again");
        project.deploy();
        assert_eq!(scene.backups().len(), before, "nothing was migrated");
        scene.second();
        let second = project.deploy().detail("/deployment/id");
        let taken = scene.backups().last().cloned().expect("one was taken");
        assert_eq!((&taken["id"], &taken["counts"]), (&second, &true.into()), "it is called as the deployment");
        assert_eq!(taken["applied"].as_array().map(Vec::len), Some(1), "what there was before the migrations");
        let status = project.run(["status", "local", "--strict"]).ended(0);
        assert_eq!(status.detail("/components/0/name"), "main");
        assert_eq!(status.detail("/components/0/backed_up_at"), taken["at"]);
        // So does a rollback, before it takes a column away.
        let back = project.run(["rollback", "local"]).ended(0).detail("/deployment/id");
        let taken = scene.backups().last().cloned().expect("one was taken");
        assert_eq!((&taken["id"], taken["applied"].as_array().map(Vec::len)), (&back, Some(3)));
    });
}

#[test]
fn what_a_backup_has_comes_back_and_what_was_written_since_is_named_and_kept() {
    on_each(|scene| {
        scene.project.deploy();
        scene.write("one");
        let id = scene.take();
        scene.write("two");
        let refused = scene.backup(&["restore", "local", &id]).ended(5);
        assert_eq!(refused.document()["code"], "approval-missing");
        assert_eq!((refused.detail("/losses/0/rows_now"), refused.detail("/losses/0/rows_then")), (2.into(), 1.into()));
        assert_eq!(scene.notes(), ["one", "two"]);
        let restored = scene.backup(&["restore", "local", &id, "--yes"]).ended(0);
        assert_eq!(scene.notes(), ["one"]);
        // What was lost by it is in the backup that came before it.
        let before = restored.detail("/before/0/id").as_str().expect("a name is text").to_owned();
        let _ = scene.backup(&["restore", "local", &before, "--yes"]).ended(0);
        assert_eq!(scene.notes(), ["one", "two"]);
        let again = scene.backup(&["restore", "local", &before, "--yes"]).ended(0);
        assert_eq!(again.document()["code"], "unchanged");
        let deeds = scene.project.run(["audit", "list"]).ended(0).detail("/entries");
        let told = |action: &str| deeds.as_array().into_iter().flatten().filter(|row| row["action"] == action && row["outcome"] == "done").count();
        assert_eq!((told("restore"), told("backup")), (2, 4 + 1));
    });
}

#[test]
fn the_same_call_takes_one_backup_however_often_it_is_made() {
    on_each(|scene| {
        scene.project.deploy();
        let named = |command: &str, key: &str| scene.project.run([command, "create", "local", "--idempotency-key", key]).ended(0);
        let taken = |key: &str| named("backup", key).detail("/backups/0/id");
        let (first, second) = (taken("one"), taken("two"));
        scene.write("since");
        assert_eq!((taken("one"), taken("two")), (first.clone(), second.clone()));
        // A snapshot is its backups.
        assert_eq!(named("snapshot", "two").detail("/snapshot/id"), second);
        let ids: Vec<Value> = scene.backups().iter().map(|backup| backup["id"].clone()).collect();
        assert!(first != second && ids == [first, second], "{ids:?}");
    });
}

#[test]
fn a_backup_of_another_schema_is_refused_until_what_served_then_does() {
    on_each(|scene| {
        let project = &scene.project;
        project.deploy();
        scene.write("one");
        let id = scene.take();
        scene.second();
        project.deploy();
        let refused = scene.backup(&["restore", "local", &id, "--yes"]).ended(5);
        assert_eq!(refused.document()["code"], "backup-of-other-migrations");
        let help = refused.document()["help"].as_str().expect("there is help").to_owned();
        let command = help.split(['(', ')']).nth(1).expect("it names a command").trim_start_matches("plimsoll ").to_owned();
        let _ = project.run(command.split(' ')).ended(0);
        scene.ask("DELETE FROM notes RETURNING text");
        let _ = scene.backup(&["restore", "local", &id, "--yes"]).ended(0);
        assert_eq!(scene.notes(), ["one"]);
    });
}

#[test]
fn what_is_damaged_does_not_count_and_the_last_good_one_stays() {
    on_each(|scene| {
        let project = &scene.careful().project;
        project.deploy();
        let unverified = project.run(["status", "local", "--strict"]);
        if scene.server.is_none() {
            assert_eq!(unverified.ended(6).document()["code"], "backup-too-old", "of a file that was not there nothing was taken");
        }
        let good = scene.take();
        let bad = scene.take();
        let data = scene.file(&bad, "data.");
        let mut bytes = fs::read(&data).expect("it is there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&data, bytes).expect("it can be written");
        assert_eq!(scene.backup(&["verify", "local"]).ended(1).document()["code"], "backup-damaged");
        assert_eq!(scene.backup(&["verify", "local", &good]).ended(0).detail("/backups/0/counts"), true);
        assert_eq!(scene.backup(&["restore", "local", &bad, "--yes"]).ended(5).document()["code"], "backup-unverified");
        let counting = || scene.backups().iter().filter(|backup| backup["counts"] == true).map(|backup| backup["id"].clone()).collect::<Vec<_>>();
        assert_eq!(scene.backup(&["prune", "local", "--keep", "1"]).ended(0).detail("/backups/0/id"), good.as_str());
        assert_eq!(counting(), [good.as_str()]);
        // The mark goes with the last one too, and then someone has to see to it.
        fs::remove_file(scene.file(&good, "verified")).expect("it is there");
        assert_eq!(project.run(["status", "local", "--strict"]).ended(6).document()["code"], "backup-too-old");
        let _ = project.run(["status", "local"]).ended(0);
    });
}

#[test]
fn an_unknown_backup_or_database_is_named() {
    let scene = Scene::on_sqlite();
    assert_eq!(scene.backup(&["list", "local"]).ended(1).document()["code"], "nothing-deployed");
    scene.project.deploy();
    assert_eq!(scene.backup(&["verify", "local"]).ended(1).document()["code"], "no-backup");
    assert_eq!(scene.backup(&["verify", "local", "no"]).ended(2).document()["code"], "unknown-backup");
    assert_eq!(scene.backup(&["create", "local", "--database", "web"]).ended(2).document()["code"], "unknown-database");
    assert_eq!(scene.backup(&["local", "create"]).ended(0).document()["code"], "backed-up", "said the other way round");
    // What was taken stays, and comes back when there is something to bring it back to: the file of the database may have been lost as well.
    scene.write("kept");
    let id = scene.take();
    let _ = scene.project.run(["down", "local"]).ended(0);
    assert_eq!(scene.backups().len(), 2);
    assert_eq!(scene.backup(&["restore", "local", &id, "--yes"]).ended(1).document()["code"], "nothing-deployed");
    fs::remove_dir_all(scene.project.home.path().join("environments/tiny/local/shared")).expect("it is there");
    scene.project.deploy();
    let _ = scene.backup(&["restore", "local", &id, "--yes"]).ended(0);
    assert_eq!(scene.notes(), ["kept"]);
}

#[test]
fn a_host_backs_up_by_itself_when_the_last_one_is_old() {
    on_each(|scene| {
        let project = &scene.project;
        project.edit("lease = \"30s\"", "lease = \"30s\"\nbackups = { every = \"1h\" }");
        project.deploy();
        let counting = || scene.backups().iter().filter(|backup| backup["counts"] == true).count();
        until(1, counting);
        project.run(["status", "local", "--strict"]).ended(0).detail("/components/0/backed_up_at").as_str().expect("it is a time");
        let entries = project.run(["audit", "list", "local"]).ended(0).detail("/entries");
        let told = entries.as_array().into_iter().flatten().find(|entry| entry["action"] == "backup").expect("it is on record");
        assert_eq!((&told["actor"]["surface"], &told["outcome"]), (&"host".into(), &"done".into()), "{told:#}");
        // The next daemon finds it, and takes none again.
        let _ = project.run(["host", "stop", "--daemon-only"]).ended(0);
        assert_eq!(counting(), 1);
    });
}

#[test]
fn a_daemon_that_is_killed_in_the_middle_of_a_backup_is_followed_by_one_that_takes_it() {
    let scene = Scene::on_postgres();
    let project = &scene.careful().project;
    project.deploy();
    scene.ask("INSERT INTO notes (id, text) SELECT n, md5(n::text) FROM generate_series(1, 300000) n RETURNING text");
    scene.second();
    let room = project.home.path().join("environments/tiny/local/backups/main");
    let begun = || fs::read_dir(&room).expect("it is there").any(|entry| entry.expect("it is").file_name().to_string_lossy().ends_with(".new"));
    let deploying = project.begin("deploy");
    until(true, begun);
    project.home.processes("host serve").iter().for_each(Process::kill);
    let told = deploying.finish().ended(0);
    let taken = scene.backups().last().cloned().expect("one was taken");
    assert_eq!((&taken["id"], &taken["counts"]), (&told.detail("/deployment/id"), &true.into()));
    assert_eq!(taken["tables"]["public.notes"]["rows"], 300_000, "{:#}", taken["tables"]);
    assert!(!begun(), "what was cut off is gone");
}

#[test]
fn what_no_migration_undoes_is_undone_by_the_data_of_its_time() {
    on_each(|scene| {
        let project = &scene.careful().project;
        // As long as that file is there, the first version does not start.
        let barred = project.folder().join("barred");
        let starts = format!("run = \"test ! -e {} && exec ", barred.display());
        project.edit("run = \"exec ", &starts);
        project.deploy();
        scene.write("one");
        project.edit(&starts, "run = \"exec ");
        project.service("web", "2");
        scene.migration("0002_author", "ALTER TABLE notes ADD COLUMN author TEXT DEFAULT 'somebody'", None);
        project.deploy();
        scene.write("two");
        let serves = || get(&project.url("web", "/"));
        let stands = || (serves(), scene.notes().join(" "), scene.ask("SELECT description FROM _sqlx_migrations ORDER BY version").join(" "));
        let expect = |version: &str, notes: &str, applied: &str| (format!("version {version}"), notes.to_owned(), applied.to_owned());
        let refused = project.run(["rollback", "local"]).ended(3);
        assert_eq!(refused.document()["code"], "migration-irreversible");
        assert!(refused.document()["help"].as_str().is_some_and(|help| help.contains("--restore-data")), "{refused:?}");
        let _ = project.run(["rollback", "local", "--restore-data"]).ended(5);
        assert_eq!(stands(), expect("2", "one two", "notes author"), "nobody has said yes");
        fs::write(&barred, "").expect("it can be written");
        let back = ["rollback", "local", "--restore-data", "--yes"];
        let told = project.run(back.into_iter().chain(["--events"])).ended(1).stdout;
        assert!(place(&told, "put the data of backup", "undone") < place(&told, "drain and stop slot web-2", "undone"), "{told}");
        assert_eq!(stands(), expect("2", "one two", "notes author"), "the first version did not start");
        fs::remove_file(&barred).expect("it is there");
        let told = project.run(back.into_iter().chain(["--events"])).ended(0).stdout;
        assert!(place(&told, "drain and stop slot web-2", "done") < place(&told, "back up what there is", "begun"), "{told}");
        assert!(place(&told, "put the data of backup", "done") < place(&told, "start slot web-", "begun"), "{told}");
        assert_eq!(stands(), expect("1", "one", "notes"));
        project.deploy();
        assert_eq!(stands(), expect("2", "one", "notes author"));
        let back = project.run(back).ended(0);
        assert_eq!(back.detail("/data/before/0/id"), back.detail("/deployment/id"), "what there was is kept by the deployment itself");
    });
}

#[test]
fn who_is_killed_while_data_is_put_back_leaves_what_there_was() {
    on_each(|scene| {
        let project = &scene.careful().project;
        project.deploy();
        scene.write("one");
        project.service("web", "2");
        scene.migration("0002_author", "ALTER TABLE notes ADD COLUMN author TEXT DEFAULT 'somebody'", None);
        project.deploy();
        scene.write("two");
        project.lease("2s");
        let mut command = project.home.command(["-C"]);
        command.arg(project.folder()).args(["rollback", "local", "--restore-data", "--yes", "--events"]);
        let mut rolling_back = Running::start(command);
        let putting_back = [("/step/component", "main"), ("/step/phase", "prepare"), ("/step/index", "1"), ("/what/what", "begun")];
        drop(rolling_back.until(&putting_back));
        rolling_back.kill();
        until(Value::Null, || project.run(["status", "local"]).ended(0).detail("/open"));
        assert_eq!((project.last_outcome().as_str(), get(&project.url("web", "/")).as_str()), ("rolled_back", "version 2"));
        assert_eq!((scene.notes(), scene.ask("SELECT author FROM notes")), (vec!["one".into(), "two".into()], vec!["somebody".to_owned(); 2]));
        assert_eq!(project.run(["rollback", "local", "--restore-data", "--yes"]).ended(0).detail("/deployment/outcome"), "committed");
        assert_eq!((get(&project.url("web", "/")).as_str(), scene.notes()), ("version 1", vec!["one".into()]));
    });
}

#[test]
fn a_rollback_brings_the_data_of_its_time_back_when_it_is_asked_to() {
    on_each(|scene| {
        let project = &scene.careful().project;
        project.deploy();
        scene.write("one");
        scene.second();
        project.deploy();
        scene.write("two");
        let serves = || get(&project.url("web", "/"));
        let refused = project.run(["rollback", "local", "--restore-data"]).ended(5);
        assert_eq!((refused.document()["code"].as_str(), refused.detail("/losses/0/rows_now")), (Some("approval-missing"), 2.into()));
        assert_eq!((serves().as_str(), scene.notes()), ("version 2", vec!["one".into(), "two".into()]));
        let back = project.run(["rollback", "local", "--restore-data", "--yes"]).ended(0);
        assert_eq!((serves().as_str(), scene.notes()), ("version 1", vec!["one".into()]));
        let before = back.detail("/data/before/0/id").as_str().expect("a name is text").to_owned();
        // What was lost is a snapshot of version 2, and the way back there.
        let snapshot = project.run(["snapshot", "show", "local", &before]).ended(0).detail("/snapshot");
        assert_eq!((&snapshot["counts"], snapshot["releases"].as_object().map(serde_json::Map::len)), (&true.into(), Some(2)));
        assert_eq!(project.run(["snapshot", "restore", "local", &before, "--yes"]).ended(0).document()["code"], "restored");
        assert_eq!((serves().as_str(), scene.notes()), ("version 2", vec!["one".into(), "two".into()]));
        // One that is of what serves anyway brings its data alone.
        let taken = project.run(["snapshot", "create", "local"]).ended(0).detail("/snapshot/id");
        scene.write("three");
        let _ = project.run(["snapshot", "restore", "local", taken.as_str().expect("a name is text"), "--yes"]).ended(0);
        assert_eq!((serves().as_str(), scene.notes()), ("version 2", vec!["one".into(), "two".into()]));
        let listed = project.run(["snapshot", "list", "local"]).ended(0).detail("/snapshots");
        assert!(listed.as_array().is_some_and(|all| all.iter().any(|one| one["id"] == taken && one["counts"] == true)), "{listed:#}");
        assert_eq!(project.run(["snapshot", "show", "local", "no"]).ended(2).document()["code"], "unknown-snapshot");
    });
}
