//! A database in a file, on a host where the daemon is root and programs are not.

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};

use crate::system::System;

const MANIFEST: &str = r#"
[components.web]
path = "web"
run = "exec ./service ."
health = { path = "/health", interval = "50ms" }
shared = ["data"]

[databases.main]
kind = "sqlite"
migrations = "migrations"
component = "web"
file = "data/web.db"
"#;

/// A host with version 1, whose schema has the first of two migrations.
fn first() -> System {
    let system = System::new(MANIFEST, &[("web", "1")]);
    system.write("migrations/0001_notes.up.sql", "CREATE TABLE notes (text TEXT)");
    system.write("migrations/0001_notes.down.sql", "DROP TABLE notes");
    let deployed = system.run("deploy", &[], &[]).ended(0);
    assert_eq!(deployed.detail("/deployment/outcome"), "committed", "{}", deployed.stdout);
    system.write("migrations/0002_author.up.sql", "ALTER TABLE notes ADD COLUMN author TEXT");
    system.write("migrations/0002_author.down.sql", "ALTER TABLE notes DROP COLUMN author");
    system
}

#[test]
fn the_file_belongs_to_its_program_from_the_first_migration_on() {
    let system = first();
    let file = system.state("shared/web/data/web.db");
    let owner = || system.root(&format!("stat -c %u {file}")).trim().to_owned();
    let program = system.root(&format!("stat -c %u /proc/{}", system.pid("web"))).trim().to_owned();
    assert_ne!(program, "0");
    assert_eq!(owner(), program);
    assert_eq!(system.run("deploy", &[], &[]).ended(0).detail("/deployment/outcome"), "committed");
    assert_eq!(owner(), program);
    assert_eq!(system.run("rollback", &[], &[]).ended(0).detail("/deployment/outcome"), "committed");
    assert_eq!(owner(), program);
}

#[test]
fn a_link_in_the_place_of_the_file_leads_nowhere() {
    let system = first();
    let folder = system.state("shared/web/data");
    system.root(&format!("cd {folder} && mv web.db kept && ln -s /root/planted.db web.db"));
    let refused = system.run("deploy", &[], &[]).ended(1);
    assert_eq!(refused.detail("/deployment/outcome"), "rolled_back", "{}", refused.stdout);
    system.root("test ! -e /root/planted.db");
    system.root(&format!("cd {folder} && mv kept web.db"));
    assert_eq!(system.run("deploy", &[], &[]).ended(0).detail("/deployment/outcome"), "committed");
}

/// Changes the database of a host on which there is nothing to do so with.
fn edit(system: &System, file: &str, sql: &'static str) {
    let folder = tempfile::tempdir().expect("the temporary folder takes a folder");
    let copy = folder.path().join("copy.db");
    let told = system.root(&format!("od -An -v -tx1 {file}"));
    let bytes: Vec<u8> = told.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("it is a byte")).collect();
    std::fs::write(&copy, bytes).expect("there is room");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread can wait");
    runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&format!("sqlite://{}", copy.display())).await.expect("it is a database");
        connection.execute(sql).await.expect("it can be changed");
        connection.close().await.expect("it can be closed");
    });
    let bytes: String = std::fs::read(&copy).expect("it is there").iter().map(|byte| format!("\\{byte:03o}")).collect();
    system.root(&format!("printf '{bytes}' > {file}"));
}

#[test]
fn a_backup_is_its_programs_and_out_of_its_reach() {
    let system = first();
    let file = system.state("shared/web/data/web.db");
    edit(&system, &file, "INSERT INTO notes VALUES ('kept')");
    // What migrates backs up first, by default.
    let deployed = system.run("deploy", &[], &[]).ended(0).detail("/deployment/id");
    let listed = system.run("backup", &["list"], &[]).ended(0);
    assert_eq!((listed.detail("/backups/0/id"), listed.detail("/backups/0/counts")), (deployed, true.into()), "{}", listed.stdout);
    let taken = system.run("backup", &["create"], &[]).ended(0).detail("/backups/0/id");
    let id = taken.as_str().expect("a name is text");
    let program = system.root(&format!("stat -c %u /proc/{}", system.pid("web"))).trim().to_owned();
    let room = system.state("backups/main");
    assert_eq!(system.root(&format!("stat -c %u {room}/{id}/manifest.json")).trim(), program);
    let seen = system.root(&format!("setpriv --reuid {program} --clear-groups ls {room} 2>&1 || true"));
    assert!(seen.contains("Permission denied"), "{seen}");
    edit(&system, &file, "DELETE FROM notes");
    let restored = system.run("backup", &["restore", id, "--yes"], &[]).ended(0);
    assert_eq!(restored.detail("/losses/0/rows_then"), 1, "{}", restored.stdout);
    assert_eq!(system.root(&format!("stat -c %u {file}")).trim(), program);
    let _ = system.run("backup", &["verify", "--all"], &[]).ended(0);
}
