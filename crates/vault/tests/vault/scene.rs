//! A project's folder with a file of secrets, the keys of the people who may read it, and someone to be asked.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_model::{EnvironmentName, Recipient, Secret};
use plimsoll_vault::{Ask, Document, Keyring, Values, VaultFile};
use tempfile::TempDir;

/// The passphrase of the key `locked`.
pub const PASSPHRASE: &str = "open sesame";

/// In every value.
pub const MARK: &str = "planted-5c01d2";

/// A project, empty but for its secrets.
pub struct Scene {
    pub file: VaultFile,
    _folder: TempDir,
}

/// Says these words one after the other, and counts how often it was asked.
#[derive(Debug, Default)]
pub struct Person {
    words: Vec<&'static str>,
    asked: AtomicUsize,
}

impl Person {
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Ask for Person {
    fn passphrase(&self, _: &Path, again: bool) -> Option<Secret<String>> {
        let count = self.asked.fetch_add(1, Ordering::SeqCst);
        assert_eq!(again, count > 0);
        self.words.get(count).map(|word| Secret::new((*word).to_owned()))
    }
}

impl Scene {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = VaultFile::of(folder.path(), &EnvironmentName::new("local").unwrap());
        Self { file, _folder: folder }
    }

    /// One with values that those whose keys are named can read.
    pub fn kept(readers: &[&str]) -> Self {
        let scene = Self::new();
        let seen = scene.file.read(&ring(&[])).unwrap();
        scene.file.write(&seen, document(), &recipients(readers)).unwrap();
        scene
    }

    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.file.path()).unwrap()
    }

    pub fn mode(&self) -> u32 {
        std::fs::metadata(self.file.path()).unwrap().permissions().mode() & 0o777
    }
}

/// Two values.
pub fn document() -> Document {
    let pairs = [("B_KEY", format!("{MARK}\nsecond line\n")), ("A_KEY", format!("{MARK} \"quoted\" \\"))];
    Document { recipients: Vec::new(), values: pairs.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value))).collect::<Values>() }
}

/// The public keys of these people.
pub fn recipients(names: &[&str]) -> Vec<Recipient> {
    names.iter().map(|name| Recipient::new(&std::fs::read_to_string(key(&format!("{name}.pub"))).unwrap()).unwrap()).collect()
}

/// The private keys of these people; nobody can be asked.
pub fn ring(names: &[&str]) -> Keyring {
    asking(names, &[]).0
}

/// The same with someone who says these words.
pub fn asking(names: &[&str], words: &[&'static str]) -> (Keyring, Arc<Person>) {
    let person = Arc::new(Person { words: words.to_vec(), asked: AtomicUsize::new(0) });
    (Keyring { files: names.iter().map(|name| key(name)).collect(), named: false, ask: person.clone() }, person)
}

fn key(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vault/keys").join(name)
}
