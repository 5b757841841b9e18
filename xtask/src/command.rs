//! Running other programs from the root of the workspace.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// `program` with these arguments separated by spaces, in the root of the workspace.
pub fn command(program: &str, args: &str) -> Command {
    let mut command = Command::new(program);
    command.args(args.split_whitespace()).current_dir(root());
    command
}

/// This toolchain's cargo, in an environment without what it told this program of its package: builds of libraries depend on it, and would begin anew
/// whenever one calls cargo oneself.
pub fn cargo(args: &str) -> Command {
    let mut cargo = command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()), args);
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_str().is_some_and(told)).for_each(|name| {
        cargo.env_remove(name);
    });
    cargo
}

/// Runs to the end, its output going where ours goes.
///
/// # Errors
/// When it cannot be started or does not end with success.
pub fn run(mut command: Command) -> Outcome {
    let status = command.status().map_err(|error| format!("cannot run {}: {error}", shown(&command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(&command))) }
}

/// Runs to the end; gives what it wrote on standard output.
///
/// # Errors
/// As [`run`], and when the output is no UTF-8.
pub fn output(mut command: Command) -> Result<String, String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("cannot run {}: {error}", shown(&command)))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", shown(&command), output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{}: {error}", shown(&command)))
}

/// Runs to the end; what it says is told only when it fails.
///
/// # Errors
/// As [`run`].
pub fn quiet(mut command: Command) -> Outcome {
    let output = command.output().map_err(|error| format!("cannot run {}: {error}", shown(&command)))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{} ended with {}:\n{}", shown(&command), output.status, String::from_utf8_lossy(&said)))
}

/// Whether there is a program of this name.
pub fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Installs Debian packages unless all of `programs` are there.
///
/// # Errors
/// When they are missing and this is not Debian, or not root.
pub fn need(programs: &[&str], packages: &str) -> Outcome {
    let missing: Vec<&str> = programs.iter().copied().filter(|program| !exists(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !exists("apt-get") {
        return Err(format!("{} is missing; on Debian, it is in the packages: {packages}", missing.join(", ")));
    }
    eprintln!("installing {packages}, as {} is missing", missing.join(", "));
    let apt = |args: &str| {
        let mut apt = command("apt-get", args);
        apt.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        apt
    };
    run(apt("update -qq"))?;
    run(apt(&format!("install -qq --yes --no-install-recommends {packages}")))
}

/// Where Debian asks whether a service that was just installed is to be started.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Like [`need`], for servers that nobody but the tests starts.
///
/// # Errors
/// As [`need`], and when Debian cannot be told that they are not to be started.
pub fn need_stopped(programs: &[&str], packages: &str) -> Outcome {
    if programs.iter().all(|program| exists(program)) || Path::new(POLICY).exists() {
        return need(programs, packages);
    }
    let answer = std::fs::write(POLICY, "#!/bin/sh\nexit 101\n").and_then(|()| std::fs::set_permissions(POLICY, Permissions::from_mode(0o755)));
    answer.map_err(|error| format!("cannot write {POLICY}: {error}"))?;
    let done = need(programs, packages);
    std::fs::remove_file(POLICY).map_err(|error| format!("cannot delete {POLICY}: {error}"))?;
    done
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    format!("`{}`", words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "))
}
