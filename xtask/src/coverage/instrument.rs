//! Building with counters in the code, and running what was built.
//!
//! Where a process writes its counters is usually told by its environment or its working folder. Ours start others with an environment of
//! their own, in folders of their own, and some are killed. So the place is linked into every program, and the counters are a mapped file.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::Outcome;
use crate::command::{cargo, output, run, target};

/// How many processes at most write to the same file at a time, and wait for each other at their ends.
const POOL: usize = 16;

/// The symbol with the place for counters, in our object file.
const SYMBOL: &str = "plimsoll_coverage_profile";

/// A build with counters, apart from all others.
pub struct Instrument {
    folder: PathBuf,
}

impl Instrument {
    /// Makes its folder, and the object file that is linked into every program. Counters of earlier runs are deleted.
    ///
    /// # Errors
    /// When these cannot be made.
    pub fn prepare() -> Result<Self, String> {
        let instrument = Self { folder: folder() };
        let folder = instrument.counters();
        let fresh = || -> std::io::Result<()> {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)
        };
        fresh().map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        instrument.make_object()?;
        Ok(instrument)
    }

    /// Builds everything; gives the programs and tests.
    ///
    /// # Errors
    /// When it does not build.
    pub fn build(&self) -> Result<BTreeSet<PathBuf>, String> {
        run(self.over(cargo("build --workspace --all-targets --locked")))?;
        let told = output(self.over(cargo("build --workspace --all-targets --locked --quiet --message-format json")))?;
        let program = |line: &str| serde_json::from_str::<Value>(line).ok()?["executable"].as_str().map(PathBuf::from);
        Ok(told.lines().filter_map(program).collect())
    }

    /// `cargo` with a command that compiles, so that what it compiles has counters. What it runs learns nothing of that: tests build things too.
    pub fn over(&self, mut cargo: Command) -> Command {
        let us = std::env::current_exe().expect("a running program has a path");
        let wrapper = format!("build.rustc-workspace-wrapper={:?}", us.display().to_string());
        cargo.arg("--target-dir").arg(&self.folder).arg("--config").arg(wrapper).env("PLIMSOLL_BIN", self.folder.join("debug/plimsoll"));
        cargo
    }

    /// The files with counters.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn profiles(&self) -> Result<Vec<PathBuf>, String> {
        let entries = fs::read_dir(self.counters()).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let entries = entries.map_err(|error| format!("cannot read {}: {error}", self.counters().display()))?;
        Ok(entries.into_iter().map(|entry| entry.path()).collect())
    }

    fn counters(&self) -> PathBuf {
        self.folder.join("counters")
    }

    fn object(&self) -> PathBuf {
        self.folder.join("profile.o")
    }

    /// Compiles the place for counters: `%c` keeps them in a mapped file, `%m` names it after the program.
    fn make_object(&self) -> Outcome {
        let place = format!("{}/%c%{POOL}m.profraw", self.counters().display());
        let text = format!("#![no_std]\n#[unsafe(no_mangle)]\npub static {SYMBOL}: [u8; {}] = *b{:?};\n", place.len() + 1, format!("{place}\0"));
        let mut rustc = Command::new("rustc");
        rustc.args(["--crate-name", "profile", "--edition", "2024", "--crate-type", "lib", "--emit", "obj", "-A", "warnings", "-o"]);
        rustc.arg(self.object()).arg("-").stdin(Stdio::piped());
        let mut child = rustc.spawn().map_err(|error| format!("cannot run rustc: {error}"))?;
        let mut input = child.stdin.take().expect("it was asked for");
        input.write_all(text.as_bytes()).map_err(|error| format!("rustc takes no input: {error}"))?;
        drop(input);
        let status = child.wait().map_err(|error| format!("rustc is gone: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("rustc ended with {status}")) }
    }
}

/// Whether a task is really the path of the compiler: see [`compile`].
pub fn is_compiler(task: &str) -> bool {
    Path::new(task).file_stem().is_some_and(|name| name == "rustc")
}

/// Compiles a crate of the workspace for cargo, with counters: cargo calls us as its compiler, with the real one as the first argument.
///
/// # Errors
/// When the compiler cannot be run or fails.
pub fn compile(compiler: &str, args: &[&str]) -> Outcome {
    let mut command = Command::new(compiler);
    command.args(args);
    // Cargo asks for the version too, and compiles nothing then.
    if args.contains(&"--crate-name") {
        let object = folder().join("profile.o");
        command.args(["-C", "instrument-coverage", "-C", "llvm-args=-runtime-counter-relocation"]);
        command.arg("-C").arg(link(&object)).arg("-C").arg(format!("link-arg=-Wl,--defsym=__llvm_profile_filename={SYMBOL}"));
    }
    let status = command.status().map_err(|error| format!("cannot run {compiler}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{compiler} ended with {status}")) }
}

/// Where all of it lies, for us and for cargo alike.
fn folder() -> PathBuf {
    target().join("coverage")
}

fn link(object: &Path) -> String {
    format!("link-arg={}", object.display())
}
