//! The file on the disk: read whole, written whole, by one at a time.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use plimsoll_model::EnvironmentName;
use plimsoll_model::recipient::Recipient;
use rustix::fs::{FlockOperation, flock};

use crate::seal::{MAX_BYTES, seal, unseal};
use crate::{Document, Keyring, VaultError};

/// Where the files lie, below the project's folder.
const FOLDER: &str = ".plimsoll/secrets";

/// The file with the secrets of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultFile {
    environment: EnvironmentName,
    folder: PathBuf,
    path: PathBuf,
}

/// What a file held when it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What is in it; nothing when there was none.
    pub document: Document,
    sealed: Option<Vec<u8>>,
}

impl VaultFile {
    /// The file of `environment` in the project's folder.
    #[must_use]
    pub fn of(project: &Path, environment: &EnvironmentName) -> Self {
        let folder = project.join(FOLDER);
        Self { path: folder.join(format!("{environment}.age")), folder, environment: environment.clone() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is called from the project's folder.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{FOLDER}/{}.age", self.environment)
    }

    /// Whether it is there.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Reads it. Who has to be asked for a passphrase is asked from within this call, which takes a second of computing then.
    ///
    /// # Errors
    /// It cannot be read, or none of the keys opens it.
    pub fn read(&self, keyring: &Keyring) -> Result<Seen, VaultError> {
        let Some(sealed) = self.bytes()? else { return Ok(Seen::default()) };
        let document = Document::from_text(&unseal(&sealed, keyring, &self.path)?, &self.path)?;
        Ok(Seen { document, sealed: Some(sealed) })
    }

    /// Judges whether just those can read what was `seen` whom the manifest has `named`: to change a value is not to change its readers.
    ///
    /// # Errors
    /// They differ.
    pub fn judge_readers(&self, seen: &Seen, named: &[Recipient]) -> Result<(), VaultError> {
        let difference = seen.document.compared_with(named);
        if difference.is_none() {
            return Ok(());
        }
        Err(VaultError::Readers { path: self.path.clone(), difference, environment: self.environment.to_string() })
    }

    /// Writes `document` in the place of what was `seen`, encrypted to `recipients`, who are noted in it.
    ///
    /// # Errors
    /// It cannot be written, nothing can be encrypted to a recipient, or someone else has written it since; it is then as it was.
    pub fn write(&self, seen: &Seen, mut document: Document, recipients: &[Recipient]) -> Result<(), VaultError> {
        if recipients.is_empty() {
            return Err(VaultError::NoRecipients { environment: self.environment.to_string() });
        }
        document.recipients = recipients.to_vec();
        let sealed = seal(&document.to_text(), recipients, &self.path)?;
        std::fs::create_dir_all(&self.folder).map_err(VaultError::io("create", &self.folder))?;
        let _turn = self.turn()?;
        if self.bytes()? != seen.sealed {
            return Err(VaultError::Changed { path: self.path.clone() });
        }
        plimsoll_durable::replace(&self.path, &sealed).map_err(VaultError::io("write", &self.path))
    }

    /// The right to write, until it is dropped.
    fn turn(&self) -> Result<File, VaultError> {
        let lock = || -> io::Result<File> {
            let folder = File::open(&self.folder)?;
            flock(&folder, FlockOperation::LockExclusive)?;
            Ok(folder)
        };
        lock().map_err(VaultError::io("lock", &self.folder))
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, VaultError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(VaultError::io("read", &self.path)(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut bytes).map_err(VaultError::io("read", &self.path))?;
        Ok(Some(bytes))
    }
}
