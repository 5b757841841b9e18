//! An SSH key with a passphrase, which is asked for only when the key is the one that opens the file.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use age::secrecy::SecretString;
use age::{DecryptError, Identity, Recipient, ssh};
use age_core::format::{FileKey, Stanza};

use crate::{Ask, VaultError};

/// How often a wrong passphrase may be said.
const TRIES: usize = 3;

/// A key with a passphrase.
pub(crate) struct Locked {
    key: ssh::Identity,
    /// How the file calls this key: the part of it that is encrypted to the key begins with that.
    tag: (String, Option<String>),
    path: PathBuf,
    ask: Arc<dyn Ask>,
    failure: Cell<Option<Failure>>,
}

#[derive(Clone, Copy)]
enum Failure {
    Unasked,
    Wrong,
}

impl Locked {
    /// The key of the file at `path`; none when its public half is not of use.
    pub(crate) fn new(key: ssh::Identity, path: &Path, ask: Arc<dyn Ask>) -> Option<Self> {
        let public = ssh::Recipient::try_from(key.clone()).ok()?;
        let (stanzas, _) = public.wrap_file_key(&FileKey::init_with_mut(|_| {})).ok()?;
        let tag = stanzas.into_iter().next().map(tag)?;
        Some(Self { key, tag, path: path.to_path_buf(), ask, failure: Cell::new(None) })
    }

    /// Why it did not open the file that it could open.
    pub(crate) fn trouble(&self) -> Option<VaultError> {
        self.failure.get().map(|failure| match failure {
            Failure::Unasked => VaultError::Locked { key: self.path.clone() },
            Failure::Wrong => VaultError::WrongPassphrase { key: self.path.clone() },
        })
    }

    fn unlock(&self) -> Option<ssh::Identity> {
        let ssh::Identity::Encrypted(key) = &self.key else { return None };
        for again in (0..TRIES).map(|count| count > 0) {
            let Some(passphrase) = self.ask.passphrase(&self.path, again) else {
                self.failure.set(Some(if again { Failure::Wrong } else { Failure::Unasked }));
                return None;
            };
            if let Ok(key) = key.decrypt(SecretString::from(passphrase.expose().clone())) {
                self.failure.set(None);
                return Some(key.into());
            }
        }
        self.failure.set(Some(Failure::Wrong));
        None
    }
}

impl Identity for Locked {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let ours = stanza.tag == self.tag.0 && stanza.args.first() == self.tag.1.as_ref();
        if ours && self.failure.get().is_none() { self.unlock()?.unwrap_stanza(stanza) } else { None }
    }
}

fn tag(stanza: Stanza) -> (String, Option<String>) {
    (stanza.tag, stanza.args.into_iter().next())
}
