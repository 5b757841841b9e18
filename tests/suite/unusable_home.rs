//! A state folder that cannot be used: a clear error, and nothing left.

use std::fs;
use std::process::Command;

use plimsoll_testkit::fixtures::Ran;
use serde_json::Value;

use crate::ask::until;
use crate::data::Scene;
use crate::project::Project;

/// Runs shell lines with `$P` for the binary, bound to this project, in a namespace where the home is a file system of its own,
/// mounted with these options; gives the JSON documents that they print. The namespace takes the mount with it when it ends.
fn on_mount(project: &Project, options: &str, lines: &str) -> Vec<Value> {
    let home = project.home.path().display().to_string();
    let (binary, folder) = (project.home.command([""; 0]).get_program().to_owned(), project.folder());
    let script = format!(
        "mount -t tmpfs -o {options} tmpfs '{home}' || exit 99\nP=\"'{}' -C '{}' --json\"\n{lines}\n'{0}' host stop >/dev/null 2>&1",
        binary.display(),
        folder.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]).env("PLIMSOLL_HOME", &home);
    let output = command.output().expect("unshare is installed");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_ne!(output.status.code(), Some(99), "{}", String::from_utf8_lossy(&output.stderr));
    told.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[track_caller]
fn assert_refused(ran: &Ran, code: &str, names: &str) {
    let document = ran.document();
    assert_eq!((&document["success"], &document["code"]), (&false.into(), &code.into()), "{document:#}");
    assert!(document["details"]["message"].as_str().is_some_and(|message| message.contains(names)), "{document:#}");
    assert!(document["help"].is_string(), "{document:#}");
}

#[test]
fn below_a_file_there_is_no_folder() {
    let project = Project::new();
    let file = project.home.path().join("file");
    fs::write(&file, "").expect("the home can be written");
    let below = file.join("home");
    let output = project.home.command(["-C"]).arg(project.folder()).args(["deploy", "local", "--json"]).env("PLIMSOLL_HOME", &below).output();
    let output = output.expect("plimsoll can be started");
    let text = |bytes| String::from_utf8(bytes).expect("what plimsoll prints is UTF-8");
    let ran = Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }.ended(4);
    assert_refused(&ran, "folder-unusable", &file.display().to_string());
}

#[test]
fn a_folder_without_write_permission_is_refused() {
    let project = Project::new();
    let told = on_mount(&project, "ro", "eval $P deploy local; echo $?; eval $P status local");
    assert_eq!((&told[0]["code"], &told[1]), (&"folder-unusable".into(), &4.into()), "{:#}", told[0]);
    assert!(told[0]["details"]["message"].as_str().is_some_and(|message| message.contains("Read-only")), "{:#}", told[0]);
    assert!(told[0]["help"].is_string(), "{:#}", told[0]);
    assert_eq!(told[2]["code"], "nothing-deployed");
}

#[test]
fn a_full_disk_fails_a_deployment_and_leaves_nothing_of_it() {
    let project = Project::new();
    fs::write(project.folder().join("web/large"), vec![7; 6 << 20]).expect("the project's folder can be written");
    for size in ["1m", "4m", "6m"] {
        let lines = "eval $P deploy local; echo $?; eval $P status local; eval $P history local";
        let told = on_mount(&project, &format!("size={size}"), lines);
        let (answer, exit) = (&told[0], &told[1]);
        assert!([1, 4].map(Value::from).contains(exit), "{size}: {exit} {answer:#}");
        let message = answer["details"]["message"].as_str().unwrap_or_default();
        assert!(message.contains("No space left") || message.contains("do not fit"), "{size}: {answer:#}");
        assert!(answer["help"].is_string(), "{size}: {answer:#}");
        assert_eq!(told[2]["details"]["components"], serde_json::json!([]), "{size}: {:#}", told[2]);
        assert!(project.programs().is_empty());
    }
}

#[test]
fn a_full_disk_leaves_the_old_version_serving() {
    let project = Project::new();
    let large = project.folder().join("web/large");
    let lines = format!(
        "eval $P deploy local\nhead -c 8000000 /dev/zero >'{0}'\neval $P deploy local; echo $?\neval $P status local\n\
         rm '{0}'; echo 3 >'{1}'\neval $P deploy local",
        large.display(),
        project.folder().join("web/service.txt").display()
    );
    let told = on_mount(&project, "size=6m", &lines);
    assert_eq!(told[0]["code"], "deployed", "{:#}", told[0]);
    assert_eq!((&told[1]["success"], told[2].as_i64().is_some_and(|exit| exit == 1 || exit == 4)), (&false.into(), true), "{:#}", told[1]);
    assert_eq!((&told[3]["code"], &told[3]["details"]["open"]), (&"healthy".into(), &Value::Null), "{:#}", told[3]);
    assert_eq!(told[3]["details"]["deployment"]["id"], told[0]["details"]["deployment"]["id"]);
    assert_eq!(told[4]["code"], "deployed", "{:#}", told[4]);
}

#[test]
fn a_full_disk_fails_a_backup_wherever_it_is_then_and_the_good_one_stays() {
    // The copy of one state does not fit, or what is compressed from it.
    for (free, code) in [("1000K", "database-disk-full"), ("2200K", "disk-full")] {
        let scene = Scene::on_sqlite();
        let (project, home) = (&scene.project, scene.project.home.path().display().to_string());
        scene.migration("0002_large", "CREATE TABLE large (data BLOB); INSERT INTO large VALUES (randomblob(1500000))", None);
        let lines = format!(
            "eval $P deploy local\neval $P backup create local\nhead -c 99999999 /dev/zero >'{home}/fill' 2>/dev/null; truncate -s -{free} '{home}/fill'\n\
             eval $P backup create local; echo $?\neval $P backup list local\nls '{home}/environments/tiny/local/backups/main' | wc -l\n\
             rm '{home}/fill'\neval $P backup create local"
        );
        let told = on_mount(project, "size=16m", &lines);
        assert_eq!((&told[0]["code"], &told[1]["code"]), (&"deployed".into(), &"backed-up".into()), "{:#}", told[1]);
        assert_eq!((&told[2]["code"], &told[3]), (&code.into(), &1.into()), "{:#}", told[2]);
        assert!(told[2]["help"].is_string(), "{:#}", told[2]);
        let left = told[4]["details"]["backups"].as_array().expect("it is a list");
        assert_eq!((left.len(), &left[0]["counts"]), (1, &true.into()), "{:#}", told[4]);
        assert_eq!(told[5], 1, "nothing else is left");
        assert_eq!(told[6]["code"], "backed-up", "{:#}", told[6]);
    }
}

#[test]
fn a_folder_written_by_a_newer_version_is_refused_and_left_alone() {
    let project = Project::new();
    project.deploy();
    let _ = project.home.run(["host", "stop"]).ended(0);
    let ledger = project.home.path().join("ledger.sqlite");
    assert!(!ledger.with_extension("sqlite-wal").exists(), "all is in the one file");
    let mut bytes = fs::read(&ledger).expect("the ledger can be read");
    // Where a file of SQLite keeps its `user_version`.
    bytes[60..64].copy_from_slice(&1_000u32.to_be_bytes());
    fs::write(&ledger, &bytes).expect("the ledger can be written");

    let ran = project.run(["deploy", "local"]).ended(4);
    assert_refused(&ran, "state-newer", "ledger.sqlite");
    assert_eq!(fs::read(&ledger).expect("it is still there"), bytes);
    // The daemon that refused ends just after it has told so.
    until(Vec::new(), || project.home.processes(""));
}
