//! The environment's file of secrets: kept, listed, edited, taken out and encrypted anew, by hand and by programs.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use plimsoll_testkit::fixtures::Ran;
use serde_json::json;

use crate::outside::{Outside, READER, typed};
use crate::project::Project;

/// In every value.
const MARK: &str = "planted-c0ffee";

/// An SSH key with the passphrase `open sesame`.
const LOCKED: &str = include_str!("../../crates/vault/tests/vault/keys/locked");

/// Its public half.
const LOCKED_PUBLIC: &str = include_str!("../../crates/vault/tests/vault/keys/locked.pub");

/// A project whose secrets these can read, and the outside.
fn project(readers: &[&str]) -> (Project, Outside) {
    let project = Project::of(&[("web", "secrets = [\"API_KEY\"]")]);
    let readers: Vec<String> = readers.iter().map(|reader| format!("{:?}", reader.trim())).collect();
    project.append(&format!("[secrets]\nrecipients = [{}]\n", readers.join(", ")));
    (project, Outside::new(""))
}

/// Runs `plimsoll secrets` with `--json`, `input` and these variables; nothing that it prints has a value.
#[track_caller]
fn secrets(project: &Project, outside: &Outside, args: &[&str], input: &str, variables: &[(&str, &str)]) -> Ran {
    let mut command = outside.command(project);
    let output = typed(command.arg("secrets").args(args).arg("--json").envs(variables.iter().copied()), input);
    let text = |bytes| String::from_utf8(bytes).expect("what plimsoll prints is UTF-8");
    let ran = Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!ran.stdout.contains(MARK) && !ran.stderr.contains(MARK), "{ran:?}");
    ran
}

#[test]
fn secrets_are_kept_listed_and_taken_out() {
    let (project, outside) = project(&[READER]);
    let secrets = |args: &[&str], input: &str| secrets(&project, &outside, args, input, &[]);
    assert_eq!(secrets(&["list", "local"], "").ended(0).detail("/missing"), json!(["API_KEY"]));
    assert_eq!(secrets(&["set", "local", "API_KEY"], &format!("{MARK}\n")).ended(0).detail("/replaced"), json!(false));
    assert_eq!(secrets(&["set", "local", "OLD_KEY"], MARK).ended(0).detail("/components"), json!([]));
    let listed = secrets(&["list", "local"], "").ended(0);
    let expect = json!([{ "name": "API_KEY", "components": ["web"], "certificates": [], "from": "file", "file": ".plimsoll/secrets/local.age" }]);
    assert_eq!((listed.detail("/secrets"), listed.detail("/superfluous")), (expect, json!(["OLD_KEY"])));
    let _ = secrets(&["unset", "local", "OLD_KEY"], "").ended(0);
    let _ = secrets(&["unset", "local", "OLD_KEY"], "").ended(2);
    let _ = secrets(&["set", "local", "API_KEY"], "").ended(2);
    assert_eq!(secrets(&["list", "local"], "").ended(0).detail("/superfluous"), json!([]));
    project.edit("lee@desk\"", &format!("lee@desk\", {:?}", LOCKED_PUBLIC.trim()));
    let refused = secrets(&["set", "local", "API_KEY"], MARK).ended(3).document();
    assert_eq!(refused["code"], "secrets-other-readers");
    assert!(refused["help"].as_str().is_some_and(|help| help.contains("plimsoll secrets rekey local")), "{refused}");
    let rekeyed = secrets(&["rekey", "local"], "").ended(0);
    assert!(rekeyed.detail("/added/0").as_str().is_some_and(|name| name.starts_with("locked@desk")), "{rekeyed:?}");
}

#[test]
fn secrets_are_edited_in_memory_and_nonsense_is_refused() {
    let (project, outside) = project(&[READER]);
    let edit = |editor: &str| secrets(&project, &outside, &["edit", "local"], "", &[("VISUAL", ""), ("EDITOR", editor)]);
    let _ = secrets(&project, &outside, &["set", "local", "API_KEY"], &format!("{MARK} before"), &[]).ended(0);
    let seen = outside.write("seen", "");
    let modes = format!("sh -c 'stat -c %a \"$1\" \"$(dirname \"$1\")\" > {0}; dirname \"$1\" >> {0}; cat \"$1\" >> {0}' editor", seen.display());
    let unchanged = edit(&modes).ended(0);
    assert_eq!(unchanged.document()["code"], "unchanged");
    let shown = std::fs::read_to_string(&seen).expect("the editor has written it");
    let expect = format!("600\n700\n{}/plimsoll-", outside.memory.path().display());
    assert!(shown.starts_with(&expect) && shown.contains(&format!("API_KEY = \"{MARK} before\"")), "{shown}");

    let edited = edit("sed -i -e s/before/after/ -e '$ a NEW_KEY = \"x\"'").ended(0);
    assert_eq!((edited.detail("/changed"), edited.detail("/added")), (json!(["API_KEY"]), json!(["NEW_KEY"])));
    let kept = project.read(".plimsoll/secrets/local.age");
    for (editor, code) in [
        (format!("sed -i '$ a nonsense {MARK}'"), "secrets-nonsense"),
        ("false".into(), "editing-failed"),
        ("rm".into(), "editing-failed"),
        (format!("sh -c 'echo {MARK} > \"$1.swp\"; exit 1' editor"), "editing-failed"),
    ] {
        let refused = edit(&editor);
        assert_eq!((refused.code != Some(0), refused.document()["code"].as_str()), (true, Some(code)), "{editor}");
        assert_eq!(project.read(".plimsoll/secrets/local.age"), kept);
    }
    assert_eq!(outside.memory.path().read_dir().expect("it is there").count(), 0, "nothing stays in memory");
}

/// Ctrl-C, which the editor hears as well, and a word to plimsoll alone: nothing that was shown stays, and nothing is changed.
#[test]
fn who_leaves_the_editor_leaves_nothing_behind() {
    let (project, outside) = project(&[READER]);
    let _ = secrets(&project, &outside, &["set", "local", "API_KEY"], MARK, &[]).ended(0);
    let kept = project.read(".plimsoll/secrets/local.age");
    let unchanged = || {
        assert_eq!(outside.memory.path().read_dir().expect("it is there").count(), 0, "nothing stays in memory");
        assert_eq!(project.read(".plimsoll/secrets/local.age"), kept);
    };
    let editor = "sh -c 'sed -i s/planted/changed/ \"$1\"; echo EDITING; exec sleep 600' editor";

    let mut terminal = Terminal::start(&project, &outside, &["secrets", "edit", "local"], &[("VISUAL", editor)]);
    let mut seen = terminal.answer("EDITING", "\u{3}");
    seen += &terminal.rest();
    assert!(seen.contains("the editor failed, and nothing was changed"), "{seen}");
    unchanged();

    let mut command = outside.command(&project);
    let command = command.args(["secrets", "edit", "local", "--json"]).env("VISUAL", editor).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("plimsoll can be started");
    let mut words = [0; "EDITING".len()];
    child.stderr.take().expect("it is piped").read_exact(&mut words).expect("the editor writes to it");
    assert_eq!(outside.memory.path().read_dir().expect("it is there").count(), 1);
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("it runs");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("editing-failed"), "{output:?}");
    unchanged();
}

#[test]
fn a_key_with_a_passphrase_needs_a_terminal() {
    let (project, outside) = project(&[LOCKED_PUBLIC]);
    let locked = outside.write("locked", LOCKED);
    let key = locked.to_str().expect("it is UTF-8");
    let _ = secrets(&project, &outside, &["set", "local", "API_KEY"], MARK, &[]).ended(0);
    for (args, code) in [(["list", "local"], "secrets-no-key"), (["list", "local"], "secrets-key-locked")] {
        let identity: &[&str] = if code == "secrets-no-key" { &[] } else { &["--identity", key] };
        let refused = secrets(&project, &outside, &[&args[..], identity].concat(), "", &[]).ended(1);
        assert_eq!(refused.document()["code"], code);
        assert!(refused.document()["help"].as_str().is_some_and(|help| help.contains("--identity")), "{refused:?}");
    }
    let mut terminal = Terminal::start(&project, &outside, &["--identity", key, "secrets", "set", "local", "API_KEY"], &[]);
    let mut seen = terminal.answer("Value of API_KEY: ", &format!("{MARK}\n"));
    seen += &terminal.answer("Passphrase of ", "wrong\n");
    seen += &terminal.answer("Passphrase of ", "open sesame\n");
    seen += &terminal.rest();
    assert!(seen.contains("that was not it") && seen.contains("API_KEY is kept, in the place of the one before"), "{seen}");
    assert!(!seen.contains(MARK) && !seen.contains("sesame"), "{seen}");
}

/// The binary on a terminal of its own.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: ChildStdout,
}

impl Terminal {
    fn start(project: &Project, outside: &Outside, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let command = outside.command(project);
        let words = [command.get_program()].into_iter().chain(command.get_args()).map(|word| word.to_str().expect("it is UTF-8"));
        let line: Vec<String> = words.chain(args.iter().copied()).map(|word| format!("'{word}'")).collect();
        let usual = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let mut script = Command::new("script");
        script.args(["-qec", &line.join(" "), "/dev/null"]).envs(usual).envs(variables.iter().copied()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = script.spawn().expect("`script` can be started");
        let (keys, screen) = (child.stdin.take().expect("it is piped"), child.stdout.take().expect("it is piped"));
        Self { child, keys, screen }
    }

    /// Types `keys` when `question` has been asked; gives what was on the screen until then.
    fn answer(&mut self, question: &str, keys: &str) -> String {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(question) {
            let mut byte = [0];
            let read = self.screen.read(&mut byte).expect("the screen can be read");
            assert_eq!(read, 1, "{question} was not asked: {}", String::from_utf8_lossy(&seen));
            seen.extend(byte);
        }
        self.keys.write_all(keys.as_bytes()).expect("keys can be typed");
        String::from_utf8_lossy(&seen).into_owned()
    }

    /// What else comes on the screen, until the end.
    fn rest(mut self) -> String {
        let mut seen = String::new();
        self.screen.read_to_string(&mut seen).expect("the screen can be read");
        let _ = self.child.wait();
        seen
    }
}
