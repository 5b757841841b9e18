//! Records, accounts and proofs in files. What holds a private key is open to the user of the host alone.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use plimsoll_model::{Digest, EnvironmentKey, Secret};

use super::record::VERSION;
use super::{EnrolmentStore, Record};
use crate::folders::Folders;
use crate::trouble::Trouble;

/// Where a proof lies below the root of its site.
const PLACE: &str = ".well-known/acme-challenge";

/// Enrolments in the folders of a host.
pub struct EnrolmentFiles {
    folders: Folders,
}

impl EnrolmentFiles {
    /// Below `folders`.
    #[must_use]
    pub fn new(folders: Folders) -> Self {
        Self { folders }
    }

    fn record_file(&self, key: &EnvironmentKey, enrolment: Digest) -> PathBuf {
        self.folders.enrolments(key).join(format!("{enrolment}.json"))
    }

    fn account_file(&self, name: Digest) -> PathBuf {
        self.folders.accounts().join(format!("{name}.json"))
    }
}

#[async_trait]
impl EnrolmentStore for EnrolmentFiles {
    async fn record(&self, key: &EnvironmentKey, enrolment: Digest) -> Result<Record, Trouble> {
        let file = self.record_file(key, enrolment);
        match read(&file).map_err(|error| trouble(&file, &error))? {
            Some(text) => understood(&file, &text),
            None => Ok(Record::default()),
        }
    }

    async fn put(&self, key: &EnvironmentKey, enrolment: Digest, record: &Record) -> Result<(), Trouble> {
        let file = self.record_file(key, enrolment);
        let text = serde_json::to_vec(record).expect("a record is plain data");
        keep(&file, &text).map_err(|error| trouble(&file, &error))
    }

    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<Digest>) -> Result<(), Trouble> {
        let folder = self.folders.enrolments(key);
        let needed: BTreeSet<String> = needed.iter().map(|enrolment| format!("{enrolment}.json")).collect();
        plimsoll_durable::keep_only(&folder, &needed).map_err(|error| trouble(&folder, &error))
    }

    async fn account(&self, name: Digest) -> Result<Option<Secret<String>>, Trouble> {
        let file = self.account_file(name);
        Ok(read(&file).map_err(|error| trouble(&file, &error))?.map(Secret::new))
    }

    async fn keep_account(&self, name: Digest, account: Option<&Secret<String>>) -> Result<(), Trouble> {
        let file = self.account_file(name);
        let kept = match account {
            Some(account) => keep(&file, account.expose().as_bytes()),
            None => gone(fs::remove_file(&file)),
        };
        kept.map_err(|error| trouble(&file, &error))
    }

    async fn show(&self, token: &str, text: &str) -> Result<PathBuf, Trouble> {
        let root = self.folders.proofs().join(token);
        let place = root.join(PLACE);
        let shown = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&place)
            .and_then(|()| plimsoll_durable::replace(&place.join(token), text.as_bytes()));
        shown.map_err(|error| trouble(&place, &error))?;
        Ok(root)
    }

    async fn hide(&self) -> Result<(), Trouble> {
        let folder = self.folders.proofs();
        gone(fs::remove_dir_all(&folder)).map_err(|error| trouble(&folder, &error))
    }
}

fn understood(file: &Path, text: &str) -> Result<Record, Trouble> {
    let version = serde_json::from_str::<serde_json::Value>(text).ok().and_then(|record| record["version"].as_u64());
    if version.is_some_and(|version| version > u64::from(VERSION)) {
        let message = format!("{} was written by a newer version of Plimsoll", file.display());
        return Err(Trouble::new("enrolment-newer", message).with_help("upgrade the host"));
    }
    serde_json::from_str(text).map_err(|error| {
        let message = format!("{} cannot be read: {error}", file.display());
        Trouble::new("enrolment-damaged", message).with_help("delete it: the authority is then asked for a new certificate by the next deployment")
    })
}

fn read(file: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        text => text.map(Some),
    }
}

fn keep(file: &Path, text: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    plimsoll_durable::replace(file, text)
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn trouble(place: &Path, error: &io::Error) -> Trouble {
    let help = "see that the disk has space, and that the user who runs plimsoll may write there";
    Trouble::new("enrolment-store", format!("what belongs to certificates of authorities cannot be kept in {}: {error}", place.display()))
        .with_help(help)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[tokio::test]
    async fn what_holds_keys_is_open_to_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let files = EnrolmentFiles::new(Folders::new(folder.path()));
        let name = Digest::of(b"account");
        assert_eq!(files.account(name).await.unwrap(), None);
        files.keep_account(name, Some(&Secret::new("key".into()))).await.unwrap();
        assert_eq!(files.account(name).await.unwrap().map(|account| account.expose().clone()).as_deref(), Some("key"));
        let file = files.account_file(name);
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        for _ in 0..2 {
            files.keep_account(name, None).await.unwrap();
        }
        assert_eq!(files.account(name).await.unwrap(), None);
    }

    #[tokio::test]
    async fn records_are_kept_until_nothing_needs_them() {
        let folder = tempfile::tempdir().unwrap();
        let files = EnrolmentFiles::new(Folders::new(folder.path()));
        let key = EnvironmentKey { project: "shop".parse().unwrap(), environment: "dev".parse().unwrap() };
        let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
        let mut record = Record::default();
        record.asking(plimsoll_model::time::Moment(5));
        for enrolment in [one, other] {
            files.put(&key, enrolment, &record).await.unwrap();
        }
        files.sweep(&key, &[one].into()).await.unwrap();
        assert_eq!(files.record(&key, one).await.unwrap(), record);
        assert_eq!(files.record(&key, other).await.unwrap(), Record::default());
        for (text, code) in [(r#"{"version":9}"#, "enrolment-newer"), ("{", "enrolment-damaged"), (r#"{"version":1}"#, "enrolment-damaged")] {
            fs::write(files.record_file(&key, one), text).unwrap();
            assert_eq!(files.record(&key, one).await.unwrap_err().code, code, "{text}");
        }
    }

    #[tokio::test]
    async fn a_proof_is_a_site_of_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let files = EnrolmentFiles::new(Folders::new(folder.path()));
        let root = files.show("token", "proof").await.unwrap();
        assert_eq!(fs::read_to_string(root.join(PLACE).join("token")).unwrap(), "proof");
        for _ in 0..2 {
            files.hide().await.unwrap();
        }
        assert!(!root.exists());
    }
}
