//! Where and by whom this process was called: what operations want to know.

use std::path::{Path, PathBuf};

use plimsoll_model::Secret;
use plimsoll_model::deployment::Holder;
use plimsoll_ops::{Context, Exit, Keyring, Known, OpError, Ssh};
use tokio_util::sync::CancellationToken;

use crate::console::Console;
use crate::folders::Folders;
use crate::identity;

/// Reads the surroundings of this process. `project` is the project's folder, when it is not the current one; `keys` open files of secrets.
///
/// # Errors
/// There is no such folder, or none for the state of this machine's host.
pub fn context(project: Option<&Path>, console: Console, keys: Keyring) -> Result<Context, OpError> {
    let folders = Folders::find().ok_or_else(nowhere)?;
    Ok(Context {
        project: folder(project)?,
        ssh: ssh(folders.sockets, console),
        home: folders.home,
        cache: folders.cache,
        exe: identity::exe().map_err(|error| OpError::new(Exit::Host, "system", format!("cannot find the running binary: {error}")))?,
        holder: Holder { user: identity::user(), machine: identity::machine(), pid: std::process::id(), surface: "cli".into() },
        variables: std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, Secret::new(value.into_string().ok()?)))).collect(),
        log: None,
        idempotency_key: None,
        keys,
        cancel: CancellationToken::new(),
    })
}

/// How other machines are reached. Who has set a program to be asked with can be asked without a terminal, too.
fn ssh(sockets: PathBuf, console: Console) -> Ssh {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let asks = console.can_ask() || (named("SSH_ASKPASS").is_some() && named("SSH_ASKPASS_REQUIRE").is_some());
    Ssh { config: named("PLIMSOLL_SSH_CONFIG").map(PathBuf::from), sockets, asks, known: Known::default() }
}

fn folder(named: Option<&Path>) -> Result<PathBuf, OpError> {
    let path = std::path::absolute(named.unwrap_or(Path::new("."))).map_err(|error| missing(named, &error.to_string()))?;
    if path.is_dir() { Ok(path) } else { Err(missing(named, "it is no folder")) }
}

fn missing(named: Option<&Path>, why: &str) -> OpError {
    let name = named.map_or_else(|| "the current folder".to_owned(), |path| path.display().to_string());
    OpError::new(Exit::Usage, "folder-missing", format!("{name} cannot be the project's folder: {why}"))
        .with_help("name the project's folder with -C DIR")
}

fn nowhere() -> OpError {
    OpError::new(Exit::Host, "no-home", "there is no folder for the state of this machine's host: HOME is not set")
        .with_help("set HOME, or PLIMSOLL_HOME")
}
