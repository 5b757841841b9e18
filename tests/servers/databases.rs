//! A database in a file, on a host where the daemon is root and programs are not.

use std::process::Command;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};

use crate::crew::as_root;
use crate::system::System;

/// Where copies go: it serves other tests besides.
const STORE: &str = "h2";

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

/// A login of the store that may bring and fetch files, and nothing else: answers its address as other machines know it, and the private key.
fn keeper() -> (String, String) {
    let folder = tempfile::tempdir().expect("the temporary folder takes a folder");
    let key = folder.path().join("key");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "keeper", "-f"]).arg(&key).status().expect("there is ssh");
    assert!(made.success());
    let public = std::fs::read_to_string(key.with_extension("pub")).expect("it was made");
    let login = "id keeper >/dev/null 2>&1 || useradd --create-home keeper; rm -rf /home/keeper/copies; mkdir -p /home/keeper/.ssh";
    let let_in =
        format!("echo 'restrict,command=\"internal-sftp\" {}' > /home/keeper/.ssh/authorized_keys; chown -R keeper: /home/keeper", public.trim());
    as_root(STORE, &format!("{login}; {let_in}"));
    let address = as_root(STORE, "ip -4 -o addr show dev eth0");
    let address = address.split_whitespace().nth(3).and_then(|address| address.split('/').next()).expect("it has one").to_owned();
    (address, std::fs::read_to_string(&key).expect("it was made"))
}

#[test]
fn copies_go_to_another_machine_and_what_that_refuses_is_told() {
    let system = first();
    let (address, key) = keeper();
    let secrets = [("COPIES_KEY", key.as_str())];
    let host_key = |host: &str| as_root(host, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub").trim().to_owned();
    let (manifest, right) = (system.manifest(), host_key(STORE));
    let copying = |to: &str, host_key: &str| {
        let copy = format!("to = \"sftp://{to}\"\nssh_key = {{ secret = \"COPIES_KEY\" }}\nhost_key = \"{host_key}\"\n");
        system.write("plimsoll.toml", &format!("{manifest}\n[environments.production.backups.copy]\n{copy}"));
        let _ = system.run("deploy", &[], &secrets).ended(0);
    };
    let place = format!("keeper@{address}/home/keeper/copies");
    for (to, host_key, code) in [
        (place.as_str(), host_key("h3").as_str(), "copy-denied"),
        (place.replace("keeper@", "games@").as_str(), right.as_str(), "copy-denied"),
        (place.replace("/home", ":1/home").as_str(), right.as_str(), "copy-unreachable"),
        (place.replace("/home/keeper", "/root").as_str(), right.as_str(), "copy-denied"),
    ] {
        copying(to, host_key);
        let refused = system.run("backup", &["create"], &[]).ended(1);
        assert_eq!(refused.document()["code"], code, "{to}: {}", refused.stdout);
        assert!(!refused.stdout.contains("PRIVATE KEY"));
    }
    copying(&place, &right);
    let id = system.run("backup", &["create"], &[]).ended(0).detail("/backups/0/id");
    let copies = system.run("backup", &["copies"], &[]).ended(0);
    let all = copies.detail("/copies");
    assert!(all.as_array().is_some_and(|all| all.iter().any(|copy| copy["id"] == id && copy["encrypted"] == false)), "{}", copies.stdout);
    // Neither half a file nor a key stays anywhere.
    assert_eq!(as_root(STORE, "find /home/keeper/copies -name '*.part'"), "");
    let bench = system.root(&format!("ls {}", system.state("copies/main")));
    assert!(bench.lines().all(|name| name.ends_with(".json")), "{bench}");
    // And it comes back.
    let id = id.as_str().expect("a name is text").to_owned();
    system.root(&format!("rm -r {}/{id}", system.state("backups/main")));
    assert_eq!(system.run("backup", &["fetch", &id], &[]).ended(0).detail("/backups/0/counts"), true);
    let _ = system.run("backup", &["verify", &id], &[]).ended(0);
}
