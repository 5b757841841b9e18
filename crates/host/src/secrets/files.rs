//! Values of secrets in files: one JSON object for each component and configuration, name to value.
//!
//! The keeper of a slot reads the file of its configuration, so its form is the keeper's. What is in a file is in no message.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use plimsoll_keeper::KeeperError;
use plimsoll_keeper::file;
use plimsoll_model::{ComponentName, ConfigHash, EnvironmentKey, Secret};

use super::SecretStore;
use crate::folders::Folders;
use crate::trouble::Trouble;

/// Secrets in the folders of a host.
pub struct SecretFiles {
    folders: Folders,
    /// Held by the one that writes: two that write the same file would share a temporary one.
    writing: Arc<Mutex<()>>,
}

impl SecretFiles {
    /// Secrets below `folders`.
    #[must_use]
    pub fn new(folders: Folders) -> Self {
        Self { folders, writing: Arc::default() }
    }

    /// The file for a component in a configuration, whether it is there or not.
    #[must_use]
    pub fn path(&self, key: &EnvironmentKey, component: &ComponentName, config: &ConfigHash) -> PathBuf {
        self.folders.secrets(key).join(file_name(component, config))
    }

    /// Does `work` on a thread that may block, and alone.
    async fn alone<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Trouble> {
        let writing = Arc::clone(&self.writing);
        let done = tokio::task::spawn_blocking(move || {
            let _alone = writing.lock().unwrap_or_else(PoisonError::into_inner);
            work()
        });
        done.await.unwrap_or_else(|error| Err(Fault::CutOff(error))).map_err(Fault::into_trouble)
    }
}

fn file_name(component: &ComponentName, config: &ConfigHash) -> String {
    format!("{component}.{config}.json")
}

#[async_trait]
impl SecretStore for SecretFiles {
    async fn keep(
        &self,
        key: &EnvironmentKey,
        component: &ComponentName,
        config: &ConfigHash,
        values: &BTreeMap<String, Secret<String>>,
    ) -> Result<(), Trouble> {
        let plain: BTreeMap<&str, &str> = values.iter().map(|(name, value)| (name.as_str(), value.expose().as_str())).collect();
        let text = serde_json::to_vec(&plain).expect("a map of strings is JSON");
        let (folder, path) = (self.folders.secrets(key), self.path(key, component, config));
        self.alone(move || {
            make_private(&folder)?;
            file::replace(&path, &text).map_err(Fault::Replace)
        })
        .await
    }

    async fn read(&self, key: &EnvironmentKey, component: &ComponentName, config: &ConfigHash) -> Result<BTreeMap<String, Secret<String>>, Trouble> {
        let path = self.path(key, component, config);
        self.alone(move || read(&path)).await
    }

    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<(ComponentName, ConfigHash)>) -> Result<(), Trouble> {
        let folder = self.folders.secrets(key);
        let names: BTreeSet<String> = needed.iter().map(|(component, config)| file_name(component, config)).collect();
        self.alone(move || sweep(&folder, &names)).await
    }
}

fn make_private(folder: &Path) -> Result<(), Fault> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(Fault::io("make", parent))?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Fault::io("make", folder)(error)),
        _ => fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(Fault::io("set the permissions of", folder)),
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, Secret<String>>, Fault> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        read => read.map_err(Fault::io("read", path))?,
    };
    // What the parser says may show what it read.
    let unreadable = |error: serde_json::Error| Fault::Unreadable { path: path.to_owned(), line: error.line(), column: error.column() };
    let plain: BTreeMap<String, String> = serde_json::from_slice(&text).map_err(unreadable)?;
    Ok(plain.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
}

fn sweep(folder: &Path, needed: &BTreeSet<String>) -> Result<(), Fault> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(Fault::io("list", folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(Fault::io("list", folder))?;
        if !entry.file_name().to_str().is_some_and(|name| needed.contains(name)) {
            fs::remove_file(entry.path()).map_err(Fault::io("delete", &entry.path()))?;
        }
    }
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(Fault::io("sync", folder))
}

/// Why secrets could not be kept or read.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Replace(KeeperError),
    #[error("{} cannot be understood, from line {line} column {column} on", path.display())]
    Unreadable { path: PathBuf, line: usize, column: usize },
    #[error("the work on secrets was cut off: {0}")]
    CutOff(tokio::task::JoinError),
}

impl Fault {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    fn into_trouble(self) -> Trouble {
        let (code, help) = match &self {
            Fault::Unreadable { .. } => ("secrets-damaged", "delete that file and deploy again: the values are then sent to this host"),
            Fault::Io { .. } | Fault::Replace(_) => {
                ("secrets-store", "see that the disk has space, and that the user who runs plimsoll may write there")
            }
            Fault::CutOff(_) => ("secrets-store", "try again; if it stays so, this is a bug in plimsoll"),
        };
        Trouble::new(code, self.to_string()).with_help(help)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::MetadataExt;

    use plimsoll_model::{Digest, EnvironmentName, ProjectName};
    use tempfile::TempDir;

    use super::*;

    const VALUE: &str = "hunter22\n\"quoted\" ünï";

    struct Kept {
        folder: TempDir,
        files: SecretFiles,
    }

    fn kept() -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let files = SecretFiles::new(Folders::new(folder.path()));
        Kept { folder, files }
    }

    fn key(environment: &str) -> EnvironmentKey {
        EnvironmentKey { project: ProjectName::new("shop").unwrap(), environment: EnvironmentName::new(environment).unwrap() }
    }

    fn component(name: &str) -> ComponentName {
        ComponentName::new(name).unwrap()
    }

    fn config(text: &str) -> ConfigHash {
        ConfigHash(Digest::of(text.as_bytes()))
    }

    fn values(value: &str) -> BTreeMap<String, Secret<String>> {
        [("KEY".to_owned(), Secret::new(value.to_owned())), ("EMPTY".to_owned(), Secret::new(String::new()))].into()
    }

    async fn keep(kept: &Kept, environment: &str, name: &str, configuration: &str, value: &str) {
        kept.files.keep(&key(environment), &component(name), &config(configuration), &values(value)).await.unwrap();
    }

    async fn read(kept: &Kept, environment: &str, name: &str, configuration: &str) -> BTreeMap<String, Secret<String>> {
        kept.files.read(&key(environment), &component(name), &config(configuration)).await.unwrap()
    }

    #[tokio::test]
    async fn values_come_back_under_their_configuration() {
        let kept = kept();
        keep(&kept, "dev", "web", "old", VALUE).await;
        keep(&kept, "dev", "web", "new", "other").await;
        keep(&kept, "dev", "web", "new", "other still").await;
        assert!(read(&kept, "dev", "web", "old").await == values(VALUE));
        assert!(read(&kept, "dev", "web", "new").await == values("other still"));
        assert!(read(&kept, "dev", "api", "old").await.is_empty());
        assert!(read(&kept, "production", "web", "old").await.is_empty());
    }

    #[tokio::test]
    async fn the_keeper_can_read_them() {
        let kept = kept();
        keep(&kept, "dev", "web", "a", VALUE).await;
        let text = fs::read(kept.files.path(&key("dev"), &component("web"), &config("a"))).unwrap();
        let plain: BTreeMap<String, String> = serde_json::from_slice(&text).unwrap();
        assert_eq!(plain, [("KEY".to_owned(), VALUE.to_owned()), ("EMPTY".to_owned(), String::new())].into());
    }

    #[tokio::test]
    async fn nobody_else_can_read_them() {
        let kept = kept();
        let folder = Folders::new(kept.folder.path()).secrets(&key("dev"));
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        keep(&kept, "dev", "web", "a", VALUE).await;
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&kept.files.path(&key("dev"), &component("web"), &config("a"))), 0o600);
    }

    #[tokio::test]
    async fn what_is_not_needed_is_swept_away() {
        let kept = kept();
        for (environment, name, configuration) in [("dev", "web", "a"), ("dev", "web", "b"), ("dev", "api", "a"), ("production", "web", "b")] {
            keep(&kept, environment, name, configuration, VALUE).await;
        }
        // What a crash left in the middle of writing.
        fs::File::create(kept.files.path(&key("dev"), &component("web"), &config("a")).with_extension("new")).unwrap();
        kept.files.sweep(&key("dev"), &[(component("web"), config("a")), (component("gone"), config("x"))].into()).await.unwrap();

        let left: Vec<_> = fs::read_dir(Folders::new(kept.folder.path()).secrets(&key("dev"))).unwrap().collect();
        assert_eq!(left.len(), 1);
        assert!(read(&kept, "dev", "web", "a").await == values(VALUE));
        assert!(read(&kept, "production", "web", "b").await == values(VALUE));
        kept.files.sweep(&key("nowhere"), &BTreeSet::new()).await.unwrap();
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_not_shown() {
        let kept = kept();
        keep(&kept, "dev", "web", "a", "x").await;
        let path = kept.files.path(&key("dev"), &component("web"), &config("a"));
        fs::File::create(&path).unwrap().write_all(br#"{"KEY": ["hunter22"]}"#).unwrap();
        let trouble = kept.files.read(&key("dev"), &component("web"), &config("a")).await.unwrap_err();
        assert_eq!(trouble.code, "secrets-damaged");
        assert!(trouble.message.contains(path.to_str().unwrap()) && !format!("{trouble:?}").contains("hunter22"), "{trouble}");
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_is_named() {
        let kept = kept();
        fs::create_dir_all(Folders::new(kept.folder.path()).environments()).unwrap();
        fs::File::create(Folders::new(kept.folder.path()).environments().join("shop")).unwrap();
        let trouble = kept.files.keep(&key("dev"), &component("web"), &config("a"), &values("hunter22")).await.unwrap_err();
        assert_eq!(trouble.code, "secrets-store");
        assert!(trouble.message.contains("environments/shop") && !format!("{trouble:?}").contains("hunter22"), "{trouble}");
    }
}
