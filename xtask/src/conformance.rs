//! `cargo xtask conformance`: the official suite of the Model Context Protocol judges the MCP server's HTTP stack, in both revisions.
//!
//! The suite asks for tools, resources and prompts by name, so a fixture has them, behind the very door and gate of the product.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::command::{cargo, need, quiet, root, run, target};

/// The revisions that are spoken.
const REVISIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];

/// What the suite's packages are installed by.
const LISTS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Builds the fixture and has the suite judge it.
///
/// # Errors
/// When a scenario fails; which, is told by the suite.
pub fn run_all() -> Outcome {
    let suite = installed()?;
    run(cargo("build --locked --package plimsoll-mcp --example conformance"))?;
    let fixture = Fixture::start()?;
    for revision in REVISIONS {
        eprintln!("revision {revision}");
        run(judge(&suite, &fixture.url, revision))?;
    }
    Ok(())
}

/// The suite's folder, with all that it needs.
fn installed() -> Result<PathBuf, String> {
    need(&["npm"], "npm")?;
    let (lists, folder) = (root().join("xtask/conformance"), target().join("conformance"));
    let copied = |list: &str| fs::copy(lists.join(list), folder.join(list));
    fs::create_dir_all(&folder)
        .and_then(|()| LISTS.into_iter().try_for_each(|list| copied(list).map(drop)))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    if fs::read(folder.join("installed")).ok() != fs::read(folder.join("package-lock.json")).ok() {
        eprintln!("installing the suite");
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        quiet(npm)?;
        // So that it is done anew when it was cut off.
        fs::copy(folder.join("package-lock.json"), folder.join("installed")).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(folder)
}

fn judge(suite: &Path, url: &str, revision: &str) -> Command {
    let modules = suite.join("node_modules");
    let mut node = Command::new(modules.join(".bin/node"));
    node.arg(modules.join("@modelcontextprotocol/conformance/dist/index.js")).args(["server", "--suite", "all"]);
    node.args(["--url", url, "--spec-version", revision, "--output-dir"]).arg(suite.join("results")).current_dir(suite);
    node
}

/// The fixture, which serves until it is dropped.
struct Fixture {
    process: Child,
    url: String,
}

impl Fixture {
    fn start() -> Result<Self, String> {
        let program = target().join("debug/examples/conformance");
        let mut process = Command::new(&program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", program.display()))?;
        let mut url = String::new();
        let told = process.stdout.take().map(|stdout| BufReader::new(stdout).read_line(&mut url));
        match told {
            Some(Ok(length)) if length > 0 => Ok(Self { process, url: url.trim().to_owned() }),
            _ => Err(format!("{} does not tell where it listens", program.display())),
        }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // It ends with its standard input.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
