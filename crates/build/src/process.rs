//! Where child processes are made: the machine's own `git`, and the project's commands. Nowhere else in this crate.
//!
//! Both are children that die with the future that waits for them. What they print is left to [`crate::git`] and
//! [`crate::script`].

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use rustix::process::Pid;
use tokio::process::Command;

/// Variables that point git at some other repository: they are set where Plimsoll is run by a git hook.
const GIT_POINTERS: [&str; 8] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
];

/// `git`, to be run in `folder`: it asks no one, speaks English, and runs none of the repository's hooks.
pub(crate) fn git(folder: &Path) -> Command {
    let mut command = child("git", folder);
    command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// `/bin/sh -c line`, to be run in `folder` with `facts` beside the operator's own environment, in a process group of its own.
pub(crate) fn shell(line: &str, folder: &Path, facts: &BTreeMap<String, String>) -> Command {
    let mut command = child("/bin/sh", folder);
    command.args(["-c", line]).envs(facts).process_group(0);
    command
}

/// A process that kills the group of `leader` when its standard input ends.
pub(crate) fn guard(leader: Pid) -> Command {
    let mut command = child("/bin/sh", Path::new("/"));
    command.args(["-c", "read -r _; kill -s KILL -- \"-$0\"", &leader.as_raw_nonzero().to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command
}

#[expect(clippy::disallowed_methods, reason = "the one place where a build starts programs")]
fn child(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    for pointer in GIT_POINTERS {
        command.env_remove(pointer);
    }
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    command
}
