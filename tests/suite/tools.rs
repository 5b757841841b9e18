//! A database that a tool of the project's own migrates: run where a program would run, taken back by what it says of the schema, and waited for
//! when the daemon that began it is gone.

use std::fs;
use std::path::PathBuf;

use plimsoll_testkit::fixtures::{Process, Ran};
use serde_json::Value;

use crate::ask::until;
use crate::data::Scene;
use crate::project::Project;

/// Applies files of SQL in their order, and keeps a book in the database, as such tools do. It waits while there is a file `data/wait`.
const TOOL: &str = r#"
import glob, os, sqlite3, sys, time
assert os.environ["WORD"] == "said" and "PORT" not in os.environ, os.environ
database = sqlite3.connect("data/web.db")
database.execute("CREATE TABLE IF NOT EXISTS book (name TEXT PRIMARY KEY)")
done = [row[0] for row in database.execute("SELECT name FROM book ORDER BY name")]
def run(name, direction):
    print(direction, name, "with", os.environ["KEY"], file=sys.stderr)
    open("data/runs", "a").write(direction + " " + name + "\n")
    database.executescript("BEGIN;" + open(glob.glob("migrations/%s*.%s" % (name, direction))[0]).read() + ";COMMIT;")
if sys.argv[1] == "status":
    print(done[-1] if done else "none")
elif sys.argv[1] == "up":
    for name in sorted(os.path.basename(path)[:1] for path in glob.glob("migrations/*.up")):
        if name not in done:
            while os.path.exists("data/wait"):
                open("data/waiting", "w")
                time.sleep(0.02)
            run(name, "up")
            database.execute("INSERT INTO book VALUES (?)", [name])
            database.commit()
else:
    for name in reversed(done):
        if sys.argv[2] == "none" or name > sys.argv[2]:
            run(name, "down")
            database.execute("DELETE FROM book WHERE name = ?", [name])
            database.commit()
"#;

const DATABASE: &str = r#"
[databases.main]
kind = "sqlite"
component = "web"
file = "data/web.db"
migrations = "web/migrations"
migrate = { up = "python3 tool.py up", down = "python3 tool.py down $PLIMSOLL_TARGET", status = "python3 tool.py status" }

[secrets]
commands = { KEY = "echo planted-key" }
"#;

/// A project with such a tool, of which one migration is deployed.
fn deployed() -> Scene {
    let project = Project::of(&[("web", "shared = [\"data\"]\nsecrets = [\"KEY\"]\nenv = { WORD = \"said\" }")]);
    project.append(DATABASE);
    project.write("web/tool.py", TOOL);
    let scene = Scene { project, server: None };
    migration(&scene.project, "1_notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)", "DROP TABLE notes");
    scene.project.deploy();
    assert_eq!(book(&scene), ["1"]);
    scene
}

fn migration(project: &Project, name: &str, up: &str, down: &str) {
    project.write(&format!("web/migrations/{name}.up"), up);
    project.write(&format!("web/migrations/{name}.down"), down);
}

/// A second version, with a second migration.
fn second(project: &Project) {
    project.service("web", "2");
    migration(project, "2_author", "ALTER TABLE notes ADD COLUMN author TEXT", "ALTER TABLE notes DROP COLUMN author");
}

/// What the tool says that it has applied.
fn book(scene: &Scene) -> Vec<String> {
    scene.ask("SELECT name FROM book ORDER BY name")
}

fn data(project: &Project, file: &str) -> PathBuf {
    project.home.path().join("environments/tiny/local/shared/web/data").join(file)
}

/// What the tool has ever done.
fn runs(project: &Project) -> Vec<String> {
    fs::read_to_string(data(project, "runs")).expect("it keeps a list").lines().map(str::to_owned).collect()
}

/// Why a component changes in the newest deployment.
fn change(told: &Ran, component: &str) -> Value {
    let components = told.detail("/deployment/components");
    components.as_array().into_iter().flatten().find(|found| found["name"] == component).map_or(Value::Null, |found| found["change"].clone())
}

#[test]
fn it_is_run_when_there_are_other_migrations_and_leads_back() {
    let scene = deployed();
    let project = &scene.project;
    project.service("web", "1b");
    let told = project.deploy();
    assert_eq!((change(&told, "main"), change(&told, "web")), ("none".into(), "release".into()), "{told:?}");
    second(project);
    let planned = project.run(["plan", "local"]).ended(0);
    assert_eq!(planned.detail("/plan/findings/0/code"), "migrations-unjudged", "{planned:?}");
    project.deploy();
    assert_eq!(book(&scene), ["1", "2"]);
    let _ = scene.ask("INSERT INTO notes (text, author) VALUES ('kept', 'me') RETURNING text");
    let told = project.run(["rollback", "local", "--events"]).ended(0).stdout;
    let told = told.split_once("\"note\":\"decided\"").expect("it is decided").1;
    let place = |text: &str| told.find(text).unwrap_or_else(|| panic!("no {text} in {told}"));
    assert!(place("remove slot web-") < place("run `python3 tool.py down"), "what needs the newer schema is gone before that goes: {told}");
    assert_eq!((book(&scene), scene.ask("SELECT text FROM notes")), (vec!["1".to_owned()], vec!["kept".to_owned()]));
    project.deploy();
    assert_eq!((book(&scene), runs(project)), (vec!["1".into(), "2".into()], ["up 1", "up 2", "down 2", "up 2"].map(str::to_owned).to_vec()));
    let logs = project.run(["logs", "local", "main"]).ended(0);
    assert!(logs.stdout.contains("up 2 with ***") && !logs.stdout.contains("planted-key"), "{}", logs.stdout);
}

#[test]
fn what_fails_is_taken_back_to_what_it_said_before() {
    let scene = deployed();
    let project = &scene.project;
    second(project);
    migration(project, "3_wrong", "ALTER TABLE absent ADD COLUMN x TEXT", "");
    let told = project.run(["deploy", "local"]).ended(1);
    assert_eq!((&told.document()["code"], &told.detail("/deployment/outcome")), (&"migration-tool".into(), &"rolled_back".into()), "{told:?}");
    assert!(told.stdout.contains("no such table"), "its output is told: {}", told.stdout);
    assert_eq!(book(&scene), ["1"]);
    // The migrations go well, and the program does not.
    migration(project, "3_wrong", "SELECT 1", "SELECT 1");
    project.service("web", "2 exits");
    assert_eq!(project.run(["deploy", "local"]).ended(1).document()["code"], "slot-exited");
    assert_eq!(book(&scene), ["1"]);
    project.service("web", "2");
    project.deploy();
    assert_eq!(book(&scene), ["1", "2", "3"]);
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let scene = deployed();
    let project = &scene.project;
    second(project);
    project.edit("migrate = { ", "migrate = { timeout = \"3s\", ");
    fs::write(data(project, "wait"), "").expect("it takes a file");
    let told = project.run(["deploy", "local"]).ended(1);
    assert_eq!((&told.document()["code"], book(&scene)), (&"migration-timeout".into(), vec!["1".to_owned()]), "{told:?}");
}

/// Begins to deploy a second version, and waits until the tool is at work.
fn at_work(project: &Project) -> crate::running::Running {
    second(project);
    fs::write(data(project, "wait"), "").expect("it takes a file");
    let deploying = project.begin("deploy");
    until(true, || data(project, "waiting").exists());
    deploying
}

#[test]
fn a_daemon_after_the_one_that_began_it_waits_for_it() {
    let scene = deployed();
    let project = &scene.project;
    let deploying = at_work(project);
    project.home.processes("host serve").iter().for_each(Process::kill);
    fs::remove_file(data(project, "wait")).expect("it was written");
    assert_eq!(deploying.finish().ended(0).detail("/deployment/outcome"), "committed");
    assert_eq!((book(&scene), runs(project)), (vec!["1".into(), "2".into()], ["up 1", "up 2"].map(str::to_owned).to_vec()));
}

#[test]
fn when_nobody_goes_on_with_it_it_is_taken_back_once_it_has_ended() {
    let scene = deployed();
    let project = &scene.project;
    project.lease("2s");
    at_work(project).kill();
    fs::remove_file(data(project, "wait")).expect("it was written");
    until(Value::Null, || project.run(["status", "local"]).ended(0).detail("/open"));
    assert_eq!((project.last_outcome().as_str(), book(&scene)), ("rolled_back", vec!["1".to_owned()]));
    assert_eq!(runs(project), ["up 1", "up 2", "down 2"]);
}

#[test]
fn a_backup_of_another_level_is_refused() {
    let scene = deployed();
    let project = &scene.project;
    project.edit("lease = \"30s\"", "lease = \"30s\"\nrequires = { backup = true }");
    second(project);
    let id = project.deploy().detail("/deployment/id");
    let id = id.as_str().expect("it has a name");
    let told = project.run(["backup", "restore", "local", id, "--yes"]).ended(5);
    assert_eq!(told.document()["code"], "backup-of-other-migrations", "{told:?}");
    let _ = project.run(["rollback", "local"]).ended(0);
    let _ = project.run(["backup", "restore", "local", id, "--yes"]).ended(0);
    assert_eq!(book(&scene), ["1"]);
}

#[test]
fn what_only_the_tool_knows_is_not_guessed() {
    let scene = deployed();
    let project = &scene.project;
    for command in ["status", "down", "redo", "check"] {
        assert_eq!(project.run(["migrate", command, "local"]).ended(2).document()["code"], "own-tool", "{command}");
    }
    second(project);
    assert_eq!(project.run(["migrate", "up", "local"]).ended(0).detail("/deployment/outcome"), "committed");
    assert_eq!(book(&scene), ["1", "2"]);
    migration(project, "3_more", "SELECT 1", "SELECT 1");
    project.edit("lease = \"30s\"", "lease = \"30s\"\nrequires = { safe_migrations = true }");
    assert_eq!(project.run(["deploy", "local"]).ended(5).document()["code"], "migrations-unsafe");
    project.edit("web/migrations", "migrations");
    project.write("migrations/elsewhere", "");
    assert_eq!(project.run(["deploy", "local"]).ended(3).document()["code"], "migrations-missing");
}
