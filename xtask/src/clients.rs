//! `cargo xtask clients`: the clients of others that drive `plimsoll mcp` in tests, in exact versions.
//!
//! What is installed is kept below cargo's target folder until `tests/clients` asks for other versions.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::command::{command, need, quiet, root, target};

/// What says which versions are wanted.
const WANTED: [&str; 4] = [".npmrc", "package.json", "package-lock.json", "requirements.txt"];

/// Debian's Python makes environments when this package is there.
const VENV: &str = "/var/lib/dpkg/info/python3-venv.list";

/// Installs them, unless they are there.
///
/// # Errors
/// When a package cannot be had.
pub fn install() -> Outcome {
    let (from, to) = (root().join("tests/clients"), folder());
    let wanted = wanted(&from)?;
    let stamp = to.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    need(&["npm"], "npm")?;
    need(&["/usr/bin/python3", VENV], "python3-venv")?;
    let copied = fs::create_dir_all(&to).and_then(|()| WANTED.iter().try_for_each(|name| fs::copy(from.join(name), to.join(name)).map(drop)));
    copied.map_err(|error| format!("cannot copy to {}: {error}", to.display()))?;
    eprintln!("installing the clients of tests/clients");
    let mut npm = command("npm", "ci --ignore-scripts --no-audit --no-fund");
    npm.current_dir(&to);
    quiet(npm)?;
    let mut python = command("/usr/bin/python3", "-m venv --clear");
    python.arg(to.join("python"));
    quiet(python)?;
    let mut pip = command(&to.join("python/bin/pip").to_string_lossy(), "install --quiet --disable-pip-version-check --requirement");
    pip.arg(to.join("requirements.txt"));
    quiet(pip)?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Where they are.
fn folder() -> PathBuf {
    target().join("clients")
}

/// Everything that tells which versions are wanted, as one text.
fn wanted(folder: &Path) -> Result<String, String> {
    let read = |name: &&str| fs::read_to_string(folder.join(name)).map_err(|error| format!("tests/clients/{name}: {error}"));
    WANTED.iter().map(read).collect()
}
