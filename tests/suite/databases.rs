//! Databases: migrations go with a deployment, and come back with it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use plimsoll_testkit::fixtures::{Postgres, Process};
use rustix::net::sockopt::socket_peercred;

use crate::ask::{get, until};
use crate::data::{Scene, on_each, place};
use crate::project::Project;
use crate::traffic::Traffic;

#[test]
fn a_schema_goes_forward_and_back_under_load_and_keeps_what_was_written() {
    on_each(|scene| {
        let project = &scene.project;
        project.deploy();
        let first = scene.schema();
        let traffic = Traffic::to(project, "web");
        scene.second();
        let second = project.deploy().detail("/deployment/id");
        assert_eq!(get(&project.url("web", "/")), "version 2");
        assert_eq!(scene.ask("SELECT CAST(version AS TEXT) FROM _sqlx_migrations ORDER BY 1"), ["1", "2", "3"]);
        scene.ask("INSERT INTO notes (id, text) VALUES (7, 'written in between') RETURNING text");
        assert_eq!(project.run(["rollback", "local"]).ended(0).detail("/deployment/outcome"), "committed");
        assert_eq!(get(&project.url("web", "/")), "version 1");
        assert_eq!((scene.schema(), scene.ask("SELECT text FROM notes")), (first.clone(), vec!["written in between".to_owned()]));
        let again = project.run(["rollback", "local", "--to-deployment", second.as_str().expect("a name is text")]).ended(0);
        assert_eq!(again.detail("/deployment/outcome"), "committed");
        assert_eq!(scene.ask("SELECT author FROM notes"), ["somebody"]);
        traffic.assert_unharmed();
    });
}

#[test]
fn what_fails_leaves_the_schema_as_it_was() {
    on_each(|scene| {
        let project = &scene.project;
        project.deploy();
        let (schema, standing) = (scene.schema(), project.standing());
        let traffic = Traffic::to(project, "web");
        scene.second();
        // A program that never gets healthy, after migrations that went well.
        project.service("web", "2 unhealthy");
        project.edit("path = \"web\"", "path = \"web\"\nstart_timeout = \"300ms\"");
        assert_eq!(project.run(["deploy", "local"]).ended(1).document()["code"], "slot-unhealthy");
        assert_eq!((scene.schema(), project.standing()), (schema.clone(), standing.clone()));
        // A migration that fails after one that went well.
        scene.migration("0003_tags", "CREATE TABLE tags (name TEXT);\nCREATE TABLE tags (name TEXT)", None);
        let told = project.run(["deploy", "local"]).ended(1);
        assert_eq!((told.detail("/deployment/outcome"), &told.document()["code"]), ("rolled_back".into(), &"migration-failed".into()));
        assert_eq!((scene.schema(), project.standing()), (schema, standing));
        traffic.assert_unharmed();
    });
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_done() {
    let scene = Scene::on_sqlite();
    let project = &scene.project;
    scene.second();
    project.deploy();
    let schema = scene.schema();
    let refused = |code: &str| {
        let told = project.run(["deploy", "local"]).ended(3);
        assert_eq!(told.document()["code"], code);
        assert!(told.document()["help"].is_string(), "{}", told.stdout);
        assert_eq!(scene.schema(), schema);
    };
    scene.migration("0002_author", "ALTER TABLE notes ADD COLUMN author TEXT", None);
    refused("migration-changed");
    scene.second();
    scene.migration("0004_late", "CREATE TABLE late (x TEXT)", None);
    project.deploy();
    fs::remove_file(project.folder().join("migrations/0004_late.up.sql")).expect("it is there");
    let told = project.run(["deploy", "local"]).ended(3);
    assert_eq!(told.document()["code"], "migration-missing");
    let told = project.run(["rollback", "local"]).ended(3);
    assert_eq!(told.document()["code"], "migration-irreversible");
}

#[test]
fn a_database_that_is_not_there_is_told_without_its_password() {
    let mut scene = Scene::on_postgres();
    scene.project.deploy();
    let healthy = || scene.project.run(["status", "local"]).ended(0).detail("/components/0/healthy");
    assert_eq!(healthy(), true);
    scene.ask("DELETE FROM _sqlx_migrations RETURNING description");
    assert_eq!(healthy(), false);
    scene.server.take();
    assert_eq!(scene.project.run(["status", "local"]).ended(0).detail("/components/0/healthy"), false);
    let told = scene.project.run(["deploy", "local"]);
    assert_ne!(told.code, Some(0), "{}", told.stdout);
    assert!(told.document()["help"].is_string(), "{}", told.stdout);
    assert!(!told.stdout.contains(Postgres::PASSWORD) && !told.stderr.contains(Postgres::PASSWORD), "{}{}", told.stdout, told.stderr);
}

#[test]
fn a_plan_says_which_migrations_would_hurt_and_a_folder_that_is_none_is_refused() {
    let scene = Scene::on_sqlite();
    let project = &scene.project;
    project.deploy();
    scene.migration("0002_rename", "ALTER TABLE notes RENAME COLUMN text TO words", Some("ALTER TABLE notes RENAME COLUMN words TO text"));
    let told = project.run(["plan", "local"]).ended(0);
    let finding = told.detail("/plan/findings/0");
    assert_eq!((finding["code"].as_str(), finding["place"]["file"].as_str()), (Some("column-renamed"), Some("migrations/0002_rename.up.sql")));
    assert!(told.stdout.contains("\"step\":\"migrate\""), "{}", told.stdout);
    project.edit("lease = \"30s\"", "lease = \"30s\"\nrequires = { safe_migrations = true }");
    let refused = project.run(["deploy", "local"]).ended(5);
    assert_eq!((refused.document()["code"].as_str(), refused.detail("/findings/0/code")), (Some("migrations-unsafe"), "column-renamed".into()));
    let accepted = "-- plimsoll: allow column-renamed: nothing else writes it\nALTER TABLE notes RENAME COLUMN text TO words";
    scene.migration("0002_rename", accepted, Some("ALTER TABLE notes RENAME COLUMN words TO text"));
    project.deploy();
    scene.migration("second", "SELECT 1", None);
    let told = project.run(["check"]).ended(3);
    assert_eq!(told.document()["code"], "manifest-invalid");
    assert!(told.stdout.contains("migrations/second.up.sql"), "{}", told.stdout);
}

/// Servers know callers on their own machine by their user, and whoever deploys chooses the URL.
#[test]
fn a_server_is_never_asked_as_root() {
    let folder = tempfile::tempdir().expect("the temporary folder takes a folder");
    let socket = folder.path().join(".s.PGSQL.5432");
    let listener = UnixListener::bind(&socket).expect("a socket can be made");
    for (path, mode) in [(folder.path(), 0o755), (socket.as_path(), 0o777)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let asked = std::thread::spawn(move || {
        let (caller, _) = listener.accept().expect("somebody calls");
        socket_peercred(&caller).expect("a socket knows its peer").uid
    });
    let project = Project::of(&[("web", "secrets = [\"DATABASE_URL\"]")]);
    project.write(".url", &format!("postgres://shop@localhost/shop?host={}", folder.path().display()));
    project.append("\n[databases.main]\nkind = \"postgres\"\nmigrations = \"migrations\"\nurl = { secret = \"DATABASE_URL\" }\n");
    project.append("\n[secrets]\ncommands = { DATABASE_URL = \"cat .url\" }\n");
    project.write("migrations/0001_notes.up.sql", "CREATE TABLE notes (text TEXT)");
    let told = project.run(["deploy", "local"]);
    assert_ne!(told.code, Some(0), "{}", told.stdout);
    assert!(asked.is_finished(), "nobody has called: {}", told.stdout);
    assert!(!asked.join().expect("somebody has called").is_root());
}

#[test]
fn a_migration_ends_with_the_daemon_and_is_run_again_by_the_next_one() {
    let scene = Scene::on_postgres();
    let project = &scene.project;
    scene.migration("0001_notes", "CREATE TABLE pause (seconds INT); INSERT INTO pause VALUES (600)", Some("DROP TABLE pause"));
    project.deploy();
    scene.migration("0002_slow", "SELECT pg_sleep(seconds) FROM pause; CREATE TABLE slow (x INT)", Some("DROP TABLE slow"));
    let sleeping = || scene.ask("SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    let deploying = project.begin("deploy");
    until(vec!["1".to_owned()], sleeping);
    scene.ask("UPDATE pause SET seconds = 0 RETURNING 'set'");
    project.home.processes("host serve").iter().for_each(Process::kill);
    until(vec!["0".to_owned()], sleeping);
    let told = deploying.finish().ended(0);
    assert_eq!(told.document()["details"]["deployment"]["outcome"], "committed", "{}", told.stdout);
    assert_eq!(scene.ask("SELECT CAST(version AS TEXT) FROM _sqlx_migrations ORDER BY 1"), ["1", "2"]);
}

#[test]
fn databases_are_migrated_without_anything_else() {
    on_each(|scene| {
        let project = &scene.project;
        let told = |arguments: &[&str]| project.run(["migrate"].iter().chain(arguments).copied());
        let states = || {
            let status = told(&["status", "local"]).ended(0).detail("/databases/main");
            let known = status.as_array().into_iter().flatten().map(|known| known["state"].as_str().expect("it is a word").to_owned());
            known.collect::<Vec<_>>()
        };
        assert_eq!(told(&["up", "local"]).ended(1).document()["code"], "nothing-deployed");
        assert_eq!(states(), ["pending"]);
        project.deploy();
        let (first, programs) = (scene.schema(), project.standing().programs);
        let traffic = Traffic::to(project, "web");
        scene.second();
        assert_eq!(states(), ["applied", "pending", "pending"]);
        assert_eq!(told(&["up", "local"]).ended(0).detail("/deployment/intent"), "migrate");
        assert_eq!(states(), ["applied"; 3]);
        assert_eq!(told(&["up", "local"]).ended(0).document()["code"], "unchanged");
        let second = scene.schema();
        // By its own files, and then by those that were edited.
        scene.migration("0003_tags", "CREATE TABLE tags (name TEXT, colour TEXT)", Some("DROP TABLE tags"));
        assert_eq!(states()[2], "changed");
        let _ = told(&["redo", "local"]).ended(0);
        assert_eq!(states(), ["applied"; 3]);
        assert_ne!(scene.schema(), second);
        let _ = told(&["local", "down", "--count", "2"]).ended(0);
        assert_eq!((states(), scene.schema()), (["applied", "pending", "pending"].map(str::to_owned).to_vec(), first));
        assert_eq!(project.run(["status", "local"]).ended(0).document()["code"], "healthy", "it is what was asked for");
        assert_eq!(told(&["down", "local", "--count", "2"]).ended(2).document()["code"], "too-few-migrations");
        // The program is the one that was there; the next deployment brings both.
        assert_eq!((get(&project.url("web", "/")), project.standing().programs), ("version 1".to_owned(), programs));
        traffic.assert_unharmed();
        project.deploy();
        assert_eq!((get(&project.url("web", "/")), states()), ("version 2".to_owned(), ["applied"; 3].map(str::to_owned).to_vec()));
    });
}

#[test]
fn what_was_changed_past_the_migrations_is_found() {
    on_each(|scene| {
        let project = &scene.project;
        let check = |code: i32| project.run(["migrate", "check", "local"]).ended(code);
        assert_eq!(check(1).document()["code"], "nothing-deployed");
        scene.second();
        project.deploy();
        let schema = scene.schema();
        let told = check(0);
        assert_eq!((told.document()["code"].as_str(), told.detail("/databases/main/migrations")), (Some("as-migrated"), 3.into()));
        scene.ask("ALTER TABLE notes ADD COLUMN mood TEXT");
        scene.ask("CREATE INDEX by_author ON notes (author)");
        let told = check(6);
        assert_eq!(told.document()["code"], "schema-differs");
        let findings = told.detail("/findings").as_array().expect("there are some").clone();
        assert_eq!((findings.len(), told.detail("/databases/main/changes/0/change")), (2, "come".into()));
        for (finding, part) in findings.iter().zip(["mood", "by_author"]) {
            assert_eq!(finding["code"], "schema-unexpected");
            assert!(finding["message"].as_str().is_some_and(|message| message.contains(part)) && finding["help"].is_string(), "{finding}");
        }
        scene.ask("DROP INDEX by_author");
        scene.ask("ALTER TABLE notes DROP COLUMN mood");
        // What the source has and the database does not is pending, and no finding.
        scene.migration("0004_late", "CREATE TABLE late (x TEXT)", Some("DROP TABLE late"));
        assert_eq!((check(0).detail("/databases/main/changes"), scene.schema()), (serde_json::json!([]), schema));
    });
}

#[test]
fn a_migration_that_reaches_beyond_its_database_is_not_repeated() {
    let scene = Scene::on_sqlite();
    scene.migration("0002_other", "-- no-transaction\nATTACH ':memory:' AS other; CREATE TABLE other.notes (n INT)", Some("SELECT 1"));
    scene.project.deploy();
    let told = scene.project.run(["migrate", "check", "local"]).ended(1);
    assert_eq!(told.document()["code"], "migration-reaches-beyond", "{}", told.stdout);
}

#[test]
fn a_migration_is_begun_with_the_next_number() {
    let scene = Scene::on_sqlite();
    let written = scene.project.run(["migrate", "new", "local", "Add an author"]).ended(0);
    assert_eq!(written.detail("/up"), "migrations/0002_add_an_author.up.sql");
    scene.project.write("migrations/0002_add_an_author.up.sql", "ALTER TABLE notes ADD COLUMN author TEXT");
    scene.project.write("migrations/0002_add_an_author.down.sql", "ALTER TABLE notes DROP COLUMN author");
    scene.project.deploy();
    assert_eq!(scene.ask("SELECT CAST(version AS TEXT) FROM _sqlx_migrations ORDER BY 1"), ["1", "2"]);
}

#[test]
fn a_server_that_knows_its_callers_by_their_user_is_asked_as_the_one_that_is_named() {
    let server = Postgres::new();
    let hba = server.sql("postgres", "SHOW hba_file");
    fs::write(hba.trim(), "local all all peer\n").expect("it can be written");
    server.sql("postgres", "SELECT pg_reload_conf()");
    let project = Project::of(&[("web", "")]);
    let database = "[databases.main]\nkind = \"postgres\"\nmigrations = \"migrations\"\nurl = { secret = \"DATABASE_URL\" }\nuser = \"postgres\"\n";
    project.append(&format!("\n{database}\n[secrets]\ncommands = {{ DATABASE_URL = \"cat .url\" }}\n"));
    project.write(".url", &format!("postgres://postgres@localhost:{}/postgres?host={}", server.port, server.socket().display()));
    project.write("migrations/0001_notes.up.sql", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
    let refused = project.run(["deploy", "local"]).ended(1);
    assert_eq!(refused.document()["code"], "user-not-allowed", "{refused:?}");
    // That is for the owner of the host to say.
    fs::write(project.home.path().join("host.toml"), "users = [\"postgres\"]\n").expect("it can be written");
    let _ = project.run(["host", "stop", "--daemon-only"]).ended(0);
    project.deploy();
    let taken = project.run(["backup", "create", "local"]).ended(0);
    assert_eq!((taken.detail("/backups/0/counts"), taken.detail("/backups/0/tables/public.notes/rows")), (true.into(), 0.into()), "{taken:?}");
}

#[test]
fn nothing_writes_while_a_database_is_migrated_that_wants_it_so() {
    on_each(|scene| {
        let project = &scene.project;
        project.edit("migrations = \"migrations\"\n", "migrations = \"migrations\"\nexclusive = true\n");
        project.deploy();
        scene.second();
        let told = project.run(["deploy", "local", "--events"]).ended(0).stdout;
        assert!(place(&told, "drain and stop slot web-1", "done") < place(&told, "apply migration 0002_author", "begun"), "{told}");
        assert!(place(&told, "apply migration 0003_tags", "done") < place(&told, "start slot web-2", "begun"), "{told}");
        assert_eq!(get(&project.url("web", "/")), "version 2");
        // What fails after it is undone in the reverse order: the program of before comes last.
        scene.migration("0004_more", "ALTER TABLE notes RENAME COLUMN author TO signed", Some("ALTER TABLE notes RENAME COLUMN signed TO author"));
        let findings = || project.run(["plan", "local"]).ended(0).detail("/plan/findings");
        assert_eq!(findings(), serde_json::Value::Null, "nobody serves who could ask for the column");
        project.edit("exclusive = true", "exclusive = false");
        assert_eq!(findings()[0]["code"], "column-renamed");
        project.edit("exclusive = false", "exclusive = true");
        project.service("web", "3 exits");
        let told = project.run(["deploy", "local", "--events"]).ended(1).stdout;
        assert!(place(&told, "apply migration 0004_more", "undone") < place(&told, "drain and stop slot web-2", "undone"), "{told}");
        assert_eq!((get(&project.url("web", "/")).as_str(), project.programs().len()), ("version 2", 1));
        // One that does not change is stopped as well, and comes back.
        project.service("web", "2");
        assert_eq!(project.run(["migrate", "up", "local"]).ended(0).detail("/deployment/outcome"), "committed");
        assert_eq!((get(&project.url("web", "/")).as_str(), project.programs().len()), ("version 2", 1));
        assert_eq!(project.run(["deploy", "local"]).ended(0).detail("/deployment/outcome"), "unchanged");
    });
}
