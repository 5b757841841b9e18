//! Certificates in files: one PEM file each, readable by the user of the host alone.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use plimsoll_model::{Digest, EnvironmentKey, Secret};

use super::CertificateStore;
use crate::folders::Folders;
use crate::trouble::Trouble;

/// Certificates in the folders of a host.
pub struct CertificateFiles {
    folders: Folders,
    /// Held by the one that writes: two that write the same file would share a temporary one.
    writing: Arc<Mutex<()>>,
}

impl CertificateFiles {
    /// Certificates below `folders`.
    #[must_use]
    pub fn new(folders: Folders) -> Self {
        Self { folders, writing: Arc::default() }
    }

    /// Does `work` on the folder of an environment, on a thread that may block, and alone.
    async fn alone(&self, key: &EnvironmentKey, work: impl FnOnce(&Path) -> io::Result<()> + Send + 'static) -> Result<(), Trouble> {
        let (folder, writing) = (self.folders.certificates(key), Arc::clone(&self.writing));
        let place = folder.display().to_string();
        let done = tokio::task::spawn_blocking(move || {
            let _alone = writing.lock().unwrap_or_else(PoisonError::into_inner);
            work(&folder)
        });
        done.await.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(|error| {
            let help = "see that the disk has space, and that the user who runs plimsoll may write there";
            Trouble::new("certificate-store", format!("certificates cannot be kept in {place}: {error}")).with_help(help)
        })
    }
}

fn file_name(certificate: Digest) -> String {
    format!("{certificate}.pem")
}

#[async_trait]
impl CertificateStore for CertificateFiles {
    async fn keep(&self, key: &EnvironmentKey, certificate: Digest, text: Secret<String>) -> Result<(), Trouble> {
        let keep = move |folder: &Path| {
            make_private(folder)?;
            plimsoll_durable::replace(&folder.join(file_name(certificate)), text.expose().as_bytes())
        };
        self.alone(key, keep).await
    }

    async fn has(&self, key: &EnvironmentKey, certificate: Digest) -> Result<bool, Trouble> {
        Ok(self.path(key, certificate).is_file())
    }

    fn path(&self, key: &EnvironmentKey, certificate: Digest) -> PathBuf {
        self.folders.certificates(key).join(file_name(certificate))
    }

    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<Digest>) -> Result<(), Trouble> {
        let needed: BTreeSet<String> = needed.iter().map(|certificate| file_name(*certificate)).collect();
        self.alone(key, move |folder| plimsoll_durable::keep_only(folder, &needed)).await
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn key(environment: &str) -> EnvironmentKey {
        EnvironmentKey { project: "shop".parse().unwrap(), environment: environment.parse().unwrap() }
    }

    #[tokio::test]
    async fn certificates_lie_where_nobody_else_reads_them_until_nothing_needs_them() {
        let folder = tempfile::tempdir().unwrap();
        let files = CertificateFiles::new(Folders::new(folder.path()));
        let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
        for (environment, certificate) in [("dev", one), ("dev", other), ("dev", one), ("production", other)] {
            assert!(files.keep(&key(environment), certificate, Secret::new(format!("key of {certificate}"))).await.is_ok());
        }
        let path = files.path(&key("dev"), one);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("key of {one}"));

        files.sweep(&key("dev"), &[one].into()).await.unwrap();
        files.sweep(&key("nowhere"), &BTreeSet::new()).await.unwrap();
        for (environment, certificate, expect) in [("dev", one, true), ("dev", other, false), ("production", other, true)] {
            assert_eq!(files.has(&key(environment), certificate).await.unwrap(), expect, "{environment}");
        }
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::File::create(folder.path().join("environments")).unwrap();
        let files = CertificateFiles::new(Folders::new(folder.path()));
        let trouble = files.keep(&key("dev"), Digest::of(b"x"), Secret::new("hunter22".into())).await.unwrap_err();
        assert_eq!(trouble.code, "certificate-store");
        assert!(trouble.message.contains("environments/shop/dev") && !format!("{trouble:?}").contains("hunter22"), "{trouble}");
    }
}
