//! Every command as programs call it: without a terminal, with nobody who reads on, and told to end in the middle.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use plimsoll_testkit::fixtures::{Ran, free_port};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::json::judge;
use crate::project::Project;

/// Every operation's command and arguments for it, in an order in which a project may live through them. `far` is a host, and an environment, that
/// cannot be reached; what changes whole machines is tried there alone.
const COMMANDS: &[(&str, &str)] = &[
    ("check", ""),
    ("schema", "deploy"),
    ("init", "--agents-md"),
    ("mcp install", "--client claude-code --yes"),
    ("plan", "local"),
    ("simulate", "local"),
    ("approvals", "local"),
    ("approve", "$plan local --yes"),
    ("token create", "ci"),
    ("token list", ""),
    ("token revoke", "ci"),
    ("secrets list", "local"),
    ("secrets set", "local TOKEN"),
    ("secrets unset", "local TOKEN"),
    ("secrets edit", "local"),
    ("secrets rekey", "local"),
    ("deploy", "local --yes"),
    ("status", "local"),
    ("history", "local"),
    ("show", "local $deployment"),
    ("logs", "local"),
    ("rollback", "local --yes"),
    ("resume", "local"),
    ("audit list", "local"),
    ("audit verify", ""),
    ("audit export", ""),
    ("certs list", "local"),
    ("certs check", "local"),
    ("certs renew", "local"),
    ("migrate status", "local"),
    ("migrate check", "local"),
    ("migrate down", "local --yes"),
    ("migrate up", "local --yes"),
    ("migrate redo", "local --yes"),
    ("backup create", "local"),
    ("backup list", "local"),
    ("backup verify", "local $backup"),
    ("backup restore", "local $backup --yes"),
    ("backup copies", "local"),
    ("backup copy", "local"),
    ("backup fetch", "local $backup"),
    ("backup prune", "local"),
    ("snapshot create", "local"),
    ("snapshot list", "local"),
    ("snapshot show", "local $backup"),
    ("snapshot restore", "local $backup --yes"),
    ("host facts", ""),
    ("host doctor", ""),
    ("host add", "local"),
    ("host upgrade", ""),
    ("host provision", "far --yes"),
    ("host remove", "far --yes"),
    ("host keys rotate", "far --key new-key --yes"),
    ("down", "local --yes"),
    ("host stop", ""),
    ("migrate new", "local more"),
];

/// Commands that are no operations: they serve until they are told to stop, or print a script.
const OTHERS: [&str; 3] = ["completions", "host serve", "mcp"];

/// The index of codes.
const CODES: &str = include_str!("../../docs/codes.md");

/// How a command may end.
const DOCUMENTED: std::ops::RangeInclusive<i32> = 0..=6;

/// A project with all that commands speak of.
struct Scene {
    project: Project,
    deployment: String,
    backup: String,
}

impl Scene {
    fn new() -> Self {
        let project = Project::of(&[("web", "shared = [\"data\"]")]);
        project.append("[environments.far]\nhosts = [\"far\"]\n");
        project.append("[databases.main]\nkind = \"sqlite\"\nfile = \"data/web.db\"\ncomponent = \"web\"\nmigrations = \"migrations\"\n");
        project.write("migrations/1_notes.up.sql", "CREATE TABLE notes (text TEXT);");
        project.write("migrations/1_notes.down.sql", "DROP TABLE notes;");
        project.write("ssh_config", &format!("Host far\n  HostName 127.0.0.1\n  Port {}\n", free_port()));
        project.deploy();
        project.service("web", "2");
        project.deploy();
        let deployment = project.history()[0]["id"].as_str().expect("it has a name").to_owned();
        let created = project.run(["backup", "create", "local"]).ended(0);
        let backup = created.detail("/backups/0/id").as_str().unwrap_or_else(|| panic!("it has a name: {created:?}")).to_owned();
        Self { project, deployment, backup }
    }

    /// A command without a terminal.
    fn command(&self, path: &str, arguments: &str, manner: &str) -> Command {
        let mut command = self.project.home.command(path.split(' '));
        let arguments = arguments.replace("$deployment", &self.deployment).replace("$backup", &self.backup).replace("$plan", &"0".repeat(64));
        command.args(arguments.split_whitespace()).arg("-C").arg(self.project.folder()).args((!manner.is_empty()).then_some(manner));
        command.current_dir(self.project.folder()).env("PLIMSOLL_SSH_CONFIG", self.project.folder().join("ssh_config")).stdin(Stdio::null());
        command.env_remove("EDITOR").env_remove("VISUAL");
        command
    }

    /// Runs it to its end.
    fn run(&self, path: &str, arguments: &str) -> Ran {
        let output = self.command(path, arguments, "--json").output().expect("plimsoll can be started");
        let text = |bytes| String::from_utf8(bytes).expect("what plimsoll prints is UTF-8");
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The environment can be changed at once, by the usual command.
    #[track_caller]
    fn assert_whole(&self, after: &str) {
        // What `migrate new` has begun waits for somebody who writes it.
        let migrations = std::fs::read_dir(self.project.folder().join("migrations")).expect("the folder can be read");
        let drafts = migrations.map(|file| file.expect("it can be read").path()).filter(|path| path.to_string_lossy().contains("more"));
        drafts.for_each(|path| std::fs::remove_file(path).expect("it can be deleted"));
        let ran = self.run("deploy", "local --yes");
        assert_eq!(ran.code, Some(0), "after {after}: {ran:?}");
    }
}

/// Asserts that a command has ended as it may, with one document that says so.
#[track_caller]
fn document(path: &str, ran: &Ran) -> Value {
    let code = ran.code.unwrap_or_else(|| panic!("{path} was ended: {ran:?}"));
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{path}: {error}: {ran:?}"));
    assert!(DOCUMENTED.contains(&code), "{path}: {ran:?}");
    assert_eq!(document["success"] == true, code == 0, "{path}: {ran:?}");
    assert!(code == 0 || document["details"]["message"].is_string(), "{path}: {ran:?}");
    document
}

/// The commands below this one that have none below them, as its help tells.
fn leaves(project: &Project, path: &str) -> Vec<String> {
    let help = project.home.run(path.split_whitespace().chain(["--help"])).ended(0).stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let below: Vec<String> = names.flat_map(|name| leaves(project, format!("{path} {name}").trim())).collect();
    // This one serves when nothing is said behind it.
    if below.is_empty() || path == "mcp" { below.into_iter().chain([path.to_owned()]).collect() } else { below }
}

#[test]
fn the_table_lists_every_command() {
    let project = Project::new();
    let listed: BTreeSet<String> = COMMANDS.iter().map(|(path, _)| *path).chain(OTHERS).map(str::to_owned).collect();
    assert_eq!(leaves(&project, "").into_iter().collect::<BTreeSet<_>>(), listed);
}

#[test]
fn every_command_answers_with_a_document_as_its_schema_says() {
    let scene = Scene::new();
    let mut judged = Vec::new();
    let mut failed = Vec::new();
    for (path, arguments) in COMMANDS {
        let near = scene.run(path, arguments);
        let mut ends = vec![document(path, &near)];
        if arguments.contains("local") && !matches!(*path, "host add" | "down") {
            ends.push(document(path, &scene.run(path, &arguments.replace("local", "far"))));
        }
        if near.code != Some(0) {
            failed.push((*path, near.document()["code"].clone()));
        }
        let schema = scene.project.run(["schema"].into_iter().chain(path.split(' '))).ended(0).detail("/schema");
        judged.extend(ends.into_iter().map(|document| json!([path, schema, document])));
    }
    assert_eq!(judge(&json!(judged)), "");
    for document in judged.iter().map(|judged| &judged[2]).filter(|document| document["success"] == false) {
        let code = document["code"].as_str().expect("it has a code");
        assert!(CODES.contains(&format!("| `{code}` |")), "{code} is not in docs/codes.md");
        assert!(document["help"].is_string(), "there is nothing to do next: {document:#}");
    }
    // What cannot be had here: people at a terminal, recipients of secrets, stores elsewhere, machines.
    let expected = [
        ("approve", "plan-unknown"),
        ("secrets set", "secret-bad-value"),
        ("secrets unset", "secrets-no-recipients"),
        ("secrets edit", "no-editor"),
        ("secrets rekey", "secrets-no-file"),
        ("backup copies", "no-copies"),
        ("backup copy", "no-copies"),
        ("host provision", "ssh-refused"),
        ("host remove", "ssh-refused"),
        ("host keys rotate", "ssh-refused"),
    ];
    assert_eq!(failed, expected.map(|(path, code)| (path, json!(code))));
}

#[test]
fn who_stops_reading_does_no_harm() {
    let scene = Scene::new();
    for (path, arguments) in COMMANDS {
        for manner in ["", "--events"] {
            let (reader, writer) = std::io::pipe().expect("the system gives pipes");
            drop(reader);
            let mut command = scene.command(path, arguments, manner);
            let status = command.stdout(writer).stderr(Stdio::null()).status().expect("plimsoll can be started");
            assert!(status.code().is_some_and(|code| DOCUMENTED.contains(&code)), "{path} {manner}: {status}");
        }
    }
    scene.assert_whole("all of them");
}

#[test]
fn who_is_told_to_end_leaves_nothing_half_done() {
    let scene = Scene::new();
    for (number, (path, arguments)) in COMMANDS.iter().enumerate() {
        for heard in [0, 1, 4] {
            scene.project.service("web", &format!("{number}.{heard}"));
            let what = format!("{path} after {heard} lines");
            let had_more = end(&what, scene.command(path, arguments, "--events"), heard);
            scene.assert_whole(&what);
            if heard > 0 && !had_more {
                break;
            }
        }
    }
}

/// Asks a command to end when it has told so many lines. All that it tells is whole, and so is its end, unless it was gone before it had begun. Tells whether there
/// was more to be told by then.
fn end(what: &str, mut command: Command, heard: usize) -> bool {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("plimsoll can be started");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut told = String::new();
    for _ in 0..heard {
        out.read_line(&mut told).expect("what plimsoll prints is UTF-8");
    }
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("an id of a process is small")).expect("it has one");
    kill_process(pid, Signal::TERM).expect("it is our child");
    out.read_to_string(&mut told).expect("what plimsoll prints is UTF-8");
    let status = child.wait().expect("it is our child");
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{what}: {error}: {line}"))).collect();
    assert!(told.is_empty() || told.ends_with('\n'), "{what}: {told}");
    if let Some(code) = status.code() {
        let answer = lines.last().unwrap_or_else(|| panic!("{what} ended with {code} and told nothing"));
        assert!(DOCUMENTED.contains(&code) && (answer["success"] == true) == (code == 0), "{what}: {code}: {answer:#}");
    }
    lines.len() > heard
}
