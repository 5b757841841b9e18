//! What an operation knows of where it was called: everything that the surface read for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_connect::Ssh;
use plimsoll_model::Secret;
use plimsoll_model::deployment::Holder;
use plimsoll_vault::Keyring;
use tokio_util::sync::CancellationToken;

/// Where and by whom an operation was called.
#[derive(Debug, Clone)]
pub struct Context {
    /// The folder of the project: where its `plimsoll.toml` lies.
    pub project: PathBuf,
    /// The folder of this machine's own host, in user mode.
    pub home: PathBuf,
    /// The folder for what can be made again: checked-out sources, built releases.
    pub cache: PathBuf,
    /// The running binary, from which the daemon is started.
    pub exe: PathBuf,
    /// How other machines are reached.
    pub ssh: Ssh,
    /// Who calls.
    pub holder: Holder,
    /// The name that the caller gave this call. Called so again, a deployment is not carried out again: the answer is how the first one ended.
    pub idempotency_key: Option<String>,
    /// The caller's environment variables: where secrets come from first.
    pub variables: BTreeMap<String, Secret<String>>,
    /// Where the log of this call is written, if it is: a copy goes to the home host of what it deploys.
    pub log: Option<PathBuf>,
    /// The caller's private keys, which open files of secrets.
    pub keys: Keyring,
    /// Set when the caller wants it to end: a deployment rolls back.
    pub cancel: CancellationToken,
}

/// Longest name of a call, in bytes.
const LONGEST_CALL_NAME: usize = 200;

/// Judges the name that a caller gives a call: an empty one, as of a variable that is not set, would be that of every call.
///
/// # Errors
/// Says what a name is.
pub fn call_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > LONGEST_CALL_NAME {
        return Err(format!("the name of a call is a text of 1 to {LONGEST_CALL_NAME} bytes"));
    }
    Ok(text.to_owned())
}
