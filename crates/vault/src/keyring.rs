//! The private keys that a file may be opened with: SSH keys and age identities, as they lie in files.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::{ssh, x25519};
use plimsoll_model::Secret;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::locked::Locked;

/// Whoever can be asked for a passphrase.
pub trait Ask: fmt::Debug + Send + Sync {
    /// The passphrase of `key`; none when nobody can be asked or wants to say it. `again` when the one before was wrong.
    fn passphrase(&self, key: &Path, again: bool) -> Option<Secret<String>>;
}

/// Where private keys are, and who knows their passphrases.
#[derive(Debug, Clone)]
pub struct Keyring {
    /// Files with keys, the first to be tried first. One that is not there is passed over.
    pub files: Vec<PathBuf>,
    /// They were named on purpose: each must be there, and be of use.
    pub named: bool,
    /// Whom to ask.
    pub ask: Arc<dyn Ask>,
}

/// The keys of a ring, read.
pub(crate) struct Keys {
    open: Vec<Box<dyn age::Identity>>,
    locked: Vec<Locked>,
    passed: Vec<(PathBuf, &'static str)>,
}

/// What a file may hold.
enum Key {
    Open(Vec<Box<dyn age::Identity>>),
    Locked(Box<Locked>),
}

const UNKNOWN: &str = "it is neither an SSH key in OpenSSH's form nor an age identity";

impl Keyring {
    pub(crate) fn keys(&self) -> Result<Keys, VaultError> {
        let mut keys = Keys { open: Vec::new(), locked: Vec::new(), passed: Vec::new() };
        for file in &self.files {
            let text = match std::fs::read_to_string(file) {
                Ok(text) => Zeroizing::new(text),
                Err(error) if self.named => return Err(VaultError::io("read the key", file)(error)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(_) => {
                    keys.passed.push((file.clone(), "it cannot be read"));
                    continue;
                }
            };
            match key(&text, file, &self.ask) {
                Ok(Key::Open(open)) => keys.open.extend(open),
                Ok(Key::Locked(locked)) => keys.locked.push(*locked),
                Err(why) if self.named => return Err(VaultError::BadKey { key: file.clone(), why }),
                Err(why) => keys.passed.push((file.clone(), why)),
            }
        }
        Ok(keys)
    }
}

impl Keys {
    /// All of them; those for which nobody needs to be asked come first.
    pub(crate) fn identities(&self) -> impl Iterator<Item = &dyn age::Identity> {
        let locked = self.locked.iter().map(|key| key as &dyn age::Identity);
        self.open.iter().map(AsRef::as_ref).chain(locked)
    }

    /// Why none of them opened the file at `path`.
    pub(crate) fn trouble(&self, path: &Path) -> VaultError {
        let no_key = || VaultError::NoKey { path: path.to_path_buf(), passed: self.passed.clone() };
        self.locked.iter().find_map(Locked::trouble).unwrap_or_else(no_key)
    }
}

fn key(text: &str, file: &Path, ask: &Arc<dyn Ask>) -> Result<Key, &'static str> {
    if text.starts_with("-----BEGIN") && !text.starts_with("-----BEGIN AGE") {
        return ssh_key(text, file, ask);
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let identity = |line: &str| line.parse::<x25519::Identity>().map(|key| Box::new(key) as Box<dyn age::Identity>).map_err(|_| UNKNOWN);
    let all = lines.map(identity).collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() { Err(UNKNOWN) } else { Ok(Key::Open(all)) }
}

fn ssh_key(text: &str, file: &Path, ask: &Arc<dyn Ask>) -> Result<Key, &'static str> {
    match ssh::Identity::from_buffer(text.as_bytes(), None).map_err(|_| UNKNOWN)? {
        ssh::Identity::Unsupported(_) => Err("age cannot use SSH keys of this type or form"),
        identity @ ssh::Identity::Unencrypted(_) => Ok(Key::Open(vec![Box::new(identity)])),
        identity @ ssh::Identity::Encrypted(_) => Ok(Key::Locked(Box::new(Locked::new(identity, file, Arc::clone(ask)).ok_or(UNKNOWN)?))),
    }
}
