//! This machine's own `ssh-keygen`: keys made, and told by their fingerprints.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// A private key in a file, its public part beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// The file of the private key.
    pub path: PathBuf,
}

/// What `ssh-keygen` could not do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It is missing here, or cannot be started.
    #[error("the program ssh-keygen cannot be started here: {0}")]
    Missing(#[from] io::Error),
    /// It refused.
    #[error("{path}: {said}")]
    Unfit {
        /// The file of the key.
        path: String,
        /// What it said.
        said: String,
    },
}

impl KeyFile {
    /// Makes an ed25519 key, for its owner alone, without a passphrase: programs are to use it.
    ///
    /// # Errors
    /// There is a file already, or its folder cannot be written.
    pub async fn make(path: &Path, comment: &str) -> Result<Self, KeyError> {
        // It would ask whether to overwrite.
        if path.exists() {
            return Err(KeyError::Unfit { path: path.display().to_string(), said: "there is a file already".into() });
        }
        run(path, &["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"], &[path], b"").await?;
        Ok(Self { path: path.to_owned() })
    }

    /// Its public part, as a line of `authorized_keys`: from the file beside it, or out of the key itself when it has no passphrase.
    ///
    /// # Errors
    /// There is neither.
    pub async fn public(&self) -> Result<String, KeyError> {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".pub");
        match tokio::fs::read_to_string(Path::new(&beside)).await {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(_) => Ok(run(&self.path, &["-y", "-P", "", "-f"], &[&self.path], b"").await?.trim().to_owned()),
        }
    }

    /// The signature of a text, in the form of OpenSSH's PROTOCOL.sshsig, for what `namespace` names. A passphrase is asked for, and a touch, where
    /// the key wants one; a key that the SSH agent holds needs neither.
    ///
    /// # Errors
    /// There is no such key, or it did not sign.
    pub async fn sign(&self, namespace: &str, text: &str) -> Result<String, KeyError> {
        run(&self.path, &["-q", "-Y", "sign", "-n", namespace, "-f"], &[&self.path], text.as_bytes()).await
    }

    /// The fingerprint of a public key: `SHA256:…`.
    ///
    /// # Errors
    /// It is none.
    pub async fn fingerprint(public: &str) -> Result<String, KeyError> {
        let told = run(Path::new(public), &["-l", "-E", "sha256", "-f", "/dev/stdin"], &[], format!("{public}\n").as_bytes()).await?;
        told.split_whitespace()
            .find(|word| word.starts_with("SHA256:"))
            .map(str::to_owned)
            .ok_or_else(|| KeyError::Unfit { path: public.to_owned(), said: told })
    }
}

async fn run(about: &Path, words: &[&str], paths: &[&Path], input: &[u8]) -> Result<String, KeyError> {
    #[expect(clippy::disallowed_methods, reason = "the one place where ssh-keygen is started")]
    let mut command = Command::new("ssh-keygen");
    command.args(words).args(paths).env("LC_ALL", "C").kill_on_drop(true);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut into) = child.stdin.take() {
        // It may not want to know.
        let _ = into.write_all(input).await;
    }
    let ended = child.wait_with_output().await?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    Err(KeyError::Unfit { path: about.display().to_string(), said: String::from_utf8_lossy(&ended.stderr).trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_key_is_made_once_and_known_by_its_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new key");
        let made = KeyFile::make(&path, "plimsoll deploy@a.example").await.unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let public = made.public().await.unwrap();
        assert!(public.starts_with("ssh-ed25519 ") && public.ends_with(" plimsoll deploy@a.example"), "{public}");
        let fingerprint = KeyFile::fingerprint(&public).await.unwrap();
        assert!(fingerprint.starts_with("SHA256:") && fingerprint.len() == 50, "{fingerprint}");
        std::fs::remove_file(folder.path().join("new key.pub")).unwrap();
        assert_eq!(KeyFile::fingerprint(&made.public().await.unwrap()).await.unwrap(), fingerprint);
        assert!(KeyFile::make(&path, "again").await.is_err());
        assert!(KeyFile::fingerprint("ssh-ed25519 AAAA").await.is_err());
    }
}
