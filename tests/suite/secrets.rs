//! A secret reaches the program that it is for, and appears nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use plimsoll_testkit::fixtures::Process;

use crate::outside::{Outside, READER, typed};
use crate::project::{Project, SERVICE};

/// In every secret.
const MARK: &str = "planted-7f3a91";

/// With what has to be quoted in JSON and by a shell.
const SECRET: &str = "planted-7f3a91 \"quoted\" \\ 'and' more";

/// From the environment's file, where it is kept encrypted.
const KEPT: &str = "planted-7f3a91 kept\nin two lines\n";

/// From a command.
const TOLD: &str = "planted-7f3a91 told";

/// One of several lines, as keys are.
const KEY: &str = "-----BEGIN KEY-----\nplanted-7f3a91-first-line\nplanted-7f3a91-second-line\n-----END KEY-----\n";

/// Runs the binary with the secrets in its environment, and what else it needs to find them; asserts that nothing it prints has them.
fn run(project: &Project, outside: &Outside, args: &[&str], input: &str) -> Output {
    let mut command = outside.command(project);
    let output = typed(command.args(args).env("API_KEY", SECRET).env("TLS_KEY", KEY).env("TOLD", outside.told()), input);
    for stream in [&output.stdout, &output.stderr] {
        assert!(!contains(stream), "{args:?} shows the secret:\n{}", String::from_utf8_lossy(stream));
    }
    output
}

fn contains(bytes: &[u8]) -> bool {
    bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes())
}

/// All files below `folder`, however deep.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() && !path.is_symlink() { files(&path) } else { vec![path] }).collect()
}

/// Asserts that no file of the home has the secret but those that hold secrets, which only their owner can read.
fn assert_files_clean(project: &Project) {
    let mut holders = 0;
    for file in files(project.home.path()).into_iter().filter(|file| file.is_file()) {
        let found = contains(&fs::read(&file).unwrap_or_default());
        let of_secrets = file.strip_prefix(project.home.path().join("environments/tiny/local/secrets")).is_ok();
        assert!(!found || of_secrets, "{} has the secret", file.display());
        if found {
            holders += 1;
            assert_eq!(fs::metadata(&file).expect("it was just read").permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
    }
    assert!(holders > 0, "the secret is kept somewhere");
    for file in files(project.folder()).into_iter().filter(|file| file.is_file()) {
        assert!(!contains(&fs::read(&file).unwrap_or_default()), "{} has the secret", file.display());
    }
}

/// Asserts that only the programs of slots have it in their environment, and nobody in the command line.
fn assert_processes_clean(project: &Project) {
    let all = project.home.processes("").into_iter().chain(Process::of_home(project.folder()));
    let mut holders = 0;
    for process in all {
        assert!(!process.command_line.contains(MARK), "{process:?}");
        let environ = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        let found = contains(&environ);
        let program = process.command_line.starts_with(SERVICE);
        assert_eq!(found, program, "{process:?}");
        if found {
            for (name, value) in [("API_KEY", SECRET), ("TLS_KEY", KEY), ("KEPT_KEY", KEPT.trim_end_matches('\n')), ("TOLD_KEY", TOLD)] {
                assert!(String::from_utf8_lossy(&environ).split('\0').any(|variable| variable == format!("{name}={value}")), "{name}");
            }
        }
        holders += usize::from(found);
    }
    assert_eq!(holders, 1, "the program has its secret");
}

#[test]
fn it_appears_nowhere() {
    let build = r#"build = "echo API_KEY is $API_KEY; echo $API_KEY >&2; printenv TLS_KEY; cat $TOLD; [ ! -e fail ]""#;
    let project = Project::of(&[("web", &format!("secrets = [\"API_KEY\", \"TLS_KEY\", \"KEPT_KEY\", \"TOLD_KEY\"]\n{build}"))]);
    project.append("[hooks]\nbefore_switch = \"echo $API_KEY; echo PLIMSOLL=$PLIMSOLL_DEPLOYMENT\"\n");
    project.append(&format!("[secrets]\nrecipients = [\"{READER}\"]\ncommands = {{ TOLD_KEY = \"cat $TOLD; cat $TOLD >&2\" }}\n"));
    let outside = Outside::new(&format!("{TOLD}\n"));
    let run = |args: &[&str], input: &str| run(&project, &outside, args, input);
    let deploy = |behaviour: &str, how: &[&str], code: i32| {
        project.service("web", &format!("{behaviour} prints=KEPT_KEY prints=TOLD_KEY"));
        let output = run(&[&["deploy", "local"], how].concat(), "");
        assert_eq!(output.status.code(), Some(code), "{behaviour}: {}", String::from_utf8_lossy(&output.stderr));
        output
    };
    assert!(run(&["secrets", "set", "local", "KEPT_KEY"], KEPT).status.success());
    let planned = run(&["plan", "local"], "");
    for source in ["the variable of its name", "the command `cat $TOLD; cat $TOLD >&2`", ".plimsoll/secrets/local.age"] {
        let told = String::from_utf8_lossy(&planned.stdout);
        assert!(told.contains(source), "{source}: {told}");
    }
    run(&["plan", "local", "--json"], "");
    deploy("1 prints=API_KEY prints=TLS_KEY", &["--json", "--verbose"], 0);
    let failed = deploy("2 prints=API_KEY prints=TLS_KEY exits", &["--json"], 1);
    assert!(String::from_utf8_lossy(&failed.stdout).contains("API_KEY is ***"), "the output of the program is shown, without the secret");
    let events = deploy("3 prints=API_KEY prints=TLS_KEY", &["--events"], 0);
    assert!(String::from_utf8_lossy(&events.stdout).contains("API_KEY is ***"), "the output of the build is shown, without the secret");
    deploy("4 prints=API_KEY prints=TLS_KEY exits", &["--verbose"], 1);
    project.write("web/fail", "");
    deploy("5 prints=API_KEY prints=TLS_KEY", &[], 1);

    for args in [
        &["status", "local", "--json"][..],
        &["history", "local", "--json"],
        &["plan", "local"],
        &["host", "facts", "--json"],
        &["audit", "list", "--json"],
        &["audit", "export"],
        &["secrets", "list", "local"],
        &["secrets", "list", "local", "--json"],
        &["secrets", "rekey", "local", "--json"],
    ] {
        assert!(run(args, "").status.success(), "{args:?}");
    }
    let id = project.history()[0]["id"].as_str().expect("a deployment has a name").to_owned();
    run(&["show", "local", &id, "--json"], "");
    let logs = run(&["logs", "local"], "");
    assert!(String::from_utf8_lossy(&logs.stdout).contains("API_KEY is ***"), "the log is shown, without the secret");
    assert_files_clean(&project);
    assert_processes_clean(&project);

    let _ = project.home.run(["host", "stop"]).ended(0);
    assert_files_clean(&project);
}

#[test]
fn a_new_value_reaches_the_program() {
    let project = Project::of(&[("web", "secrets = [\"API_KEY\"]")]);
    let deploy = |value: &str| {
        let mut command = project.home.command(["-C"]);
        let output = command.arg(project.folder()).args(["deploy", "local", "--json"]).env("API_KEY", value).output();
        let output = output.expect("plimsoll can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let pid = *project.programs().iter().next().expect("the program runs");
        let environ = fs::read(format!("/proc/{pid}/environ")).expect("it is ours");
        assert!(String::from_utf8_lossy(&environ).split('\0').any(|variable| variable == format!("API_KEY={value}")), "{value}");
        pid
    };
    let first = deploy("first-value-of-it");
    assert_ne!(deploy("second-value-of-it"), first);
    assert_eq!(deploy("second-value-of-it"), deploy("second-value-of-it"));
}
