//! How the file with the secrets fails its users. No error repeats anything of what is encrypted.

use std::path::{Path, PathBuf};

use plimsoll_model::recipient::Recipient;

use crate::Difference;

/// Why a file with secrets cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A file or folder cannot be used.
    #[error("cannot {task} {}: {source}", path.display())]
    Io {
        /// What was to be done with it.
        task: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It was cut off, changed by hand, or never was such a file.
    #[error("{} is damaged, or is no file of secrets", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error("{} was written by a newer plimsoll", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// Someone wrote to it meanwhile.
    #[error("{} was changed by someone else meanwhile", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The manifest names others than those who can read it.
    #[error("the manifest names others than those who can read {}{}", path.display(), told(difference))]
    Readers {
        /// The file.
        path: PathBuf,
        /// Who.
        difference: Difference,
        /// The environment.
        environment: String,
    },
    /// What it holds was not written by Plimsoll, and is not understood.
    #[error("what {} holds is not understood: {why}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It is encrypted to others.
    #[error("none of your keys opens {}{}", path.display(), tried(passed))]
    NoKey {
        /// The file.
        path: PathBuf,
        /// Private keys that could not be tried, and why.
        passed: Vec<(PathBuf, &'static str)>,
    },
    /// The key that opens it has a passphrase, and nobody can be asked for it or wants to give it.
    #[error("the key {} has a passphrase, which nobody gave", key.display())]
    Locked {
        /// The private key.
        key: PathBuf,
    },
    /// The passphrase was wrong each time.
    #[error("this is not the passphrase of {}", key.display())]
    WrongPassphrase {
        /// The private key.
        key: PathBuf,
    },
    /// The key that was named cannot be used.
    #[error("the key {} cannot be used: {why}", key.display())]
    BadKey {
        /// The private key.
        key: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// Nothing can be encrypted to this recipient.
    #[error("nothing can be encrypted to {recipient}: {why}")]
    BadRecipient {
        /// The public key.
        recipient: Recipient,
        /// Why not.
        why: &'static str,
    },
    /// Nobody could read the file.
    #[error("the manifest names nobody who may read the secrets of environment {environment}")]
    NoRecipients {
        /// The environment.
        environment: String,
    },
}

impl VaultError {
    /// Stable name of the kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "secrets-file",
            Self::Damaged { .. } | Self::Content { .. } => "secrets-damaged",
            Self::Newer { .. } => "secrets-newer",
            Self::Changed { .. } => "secrets-changed",
            Self::Readers { .. } => "secrets-other-readers",
            Self::NoKey { .. } => "secrets-no-key",
            Self::Locked { .. } => "secrets-key-locked",
            Self::WrongPassphrase { .. } => "secrets-wrong-passphrase",
            Self::BadKey { .. } => "secrets-bad-key",
            Self::BadRecipient { .. } => "bad-recipient",
            Self::NoRecipients { .. } => "secrets-no-recipients",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Io { .. } => "see that you may read and write there, and that the disk has space".into(),
            Self::Damaged { .. } | Self::Content { .. } => "take the file back from git: git checkout HEAD -- FILE".into(),
            Self::Newer { .. } => "use the newer plimsoll".into(),
            Self::Changed { .. } => "do it again: nothing of yours was written".into(),
            Self::Readers { environment, .. } => {
                format!("run `plimsoll secrets rekey {environment}`, which makes just those readers whom the manifest names, or correct the manifest")
            }
            Self::NoKey { .. } => {
                "name the private key with --identity FILE or PLIMSOLL_IDENTITY; or have someone who can read the secrets put your public \
                 key into `secrets.recipients` of the manifest and run: plimsoll secrets rekey ENVIRONMENT"
                    .into()
            }
            Self::Locked { .. } => "run it on a terminal, or name a key without a passphrase with --identity FILE or PLIMSOLL_IDENTITY".into(),
            Self::WrongPassphrase { .. } => "try again, or name another key with --identity FILE".into(),
            Self::BadKey { .. } => "name an SSH key of type ed25519 or RSA, or a file with an AGE-SECRET-KEY".into(),
            Self::BadRecipient { .. } => "write an SSH public key of type ed25519, or of type RSA with 2048 to 4096 bits, or an age1…".into(),
            Self::NoRecipients { .. } => {
                "write `[secrets]` and `recipients = [\"ssh-ed25519 …\"]` into the manifest: the line that your ~/.ssh/id_ed25519.pub holds".into()
            }
        }
    }

    /// For `map_err`, where `task` was to be done with `path`.
    pub(crate) fn io(task: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { task, path, source }
    }
}

fn tried(passed: &[(PathBuf, &str)]) -> String {
    passed.iter().map(|(key, why)| format!("; {} was not tried: {why}", key.display())).collect()
}

fn told(difference: &Difference) -> String {
    let part = |what: &str, who: &[Recipient]| {
        let names: Vec<String> = who.iter().map(ToString::to_string).collect();
        if names.is_empty() { String::new() } else { format!("; {what}: {}", names.join(", ")) }
    };
    part("not yet a reader", &difference.waiting) + &part("still a reader", &difference.lingering)
}
