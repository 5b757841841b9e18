//! What may happen to the files of a backup is found.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_database::{BackupError, Manifest, Place, back_up, check, restore, verify};
use plimsoll_model::time::Moment;
use tempfile::TempDir;

use super::stage::{Stage, fill};

/// When they are verified.
const VERIFIED: Moment = Moment(1_768_660_260_000);

/// So many places of each file are damaged, one after the other.
const PLACES: usize = 60;

/// A backup of a SQLite file.
struct Taken {
    folder: TempDir,
    place: Place,
    manifest: Manifest,
    _stage: Stage,
}

impl Taken {
    async fn new(when: i64) -> Self {
        let stage = Stage::Sqlite(tempfile::tempdir().unwrap());
        let (place, folder) = (stage.place("shop"), tempfile::tempdir().unwrap());
        fill(&stage, &place).await;
        let manifest = back_up(&place, &folder.path().join("b"), Moment(when), None).await.unwrap();
        Self { folder, place, manifest, _stage: stage }
    }

    fn files(&self) -> [PathBuf; 2] {
        [self.path().join(&self.manifest.data.name), self.path().join("manifest.json")]
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("b")
    }

    /// Nothing that reads the backup takes it.
    async fn is_refused(&self, why: &str) {
        let all = [check(&self.path()).await, verify(&self.path(), &self.place, VERIFIED).await, restore(&self.path(), &self.place).await];
        for found in all {
            assert!(matches!(found, Err(BackupError::Damaged { .. })), "{why}: {found:?}");
        }
    }
}

/// Writes `bytes` for as long as it takes to look at them.
async fn with(taken: &Taken, path: &Path, bytes: &[u8], why: &str) {
    let before = fs::read(path).unwrap();
    fs::write(path, bytes).unwrap();
    taken.is_refused(why).await;
    fs::write(path, before).unwrap();
}

#[tokio::test]
async fn a_flipped_bit_is_found_wherever_it_is() {
    let taken = Taken::new(0).await;
    for path in taken.files() {
        let bytes = fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by((bytes.len() / PLACES).max(1)) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            with(&taken, &path, &flipped, &format!("byte {at} of {}", path.display())).await;
        }
    }
    assert_eq!(check(&taken.path()).await, Ok(taken.manifest));
}

#[tokio::test]
async fn a_file_of_another_length_is_found() {
    let taken = Taken::new(0).await;
    for path in taken.files() {
        let bytes = fs::read(&path).unwrap();
        for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            with(&taken, &path, &bytes[..length], &format!("{length} bytes of {}", path.display())).await;
        }
        with(&taken, &path, &[&bytes[..], b"x"].concat(), "one more").await;
    }
}

#[tokio::test]
async fn files_of_two_backups_are_told_apart() {
    let (one, other) = (Taken::new(0).await, Taken::new(1).await);
    // The same bytes of data are the same backup, so the other one has to have other data.
    let data = fs::read(&one.files()[0]).unwrap();
    fs::remove_dir_all(other.path()).unwrap();
    let sql = plimsoll_database::Script { version: 2, description: "more".into(), up: "CREATE TABLE more (n INT)".into(), transactional: true };
    plimsoll_database::up(&other.place, &sql).await.unwrap();
    let manifest = back_up(&other.place, &other.path(), Moment(1), None).await.unwrap();
    let other = Taken { manifest, ..other };
    assert_ne!(data, fs::read(&other.files()[0]).unwrap());
    let (here, there) = (one.files(), other.files());
    for (path, from) in [(&here[0], &there[0]), (&there[0], &here[0]), (&here[1], &there[1])] {
        let taken = if path.starts_with(one.folder.path()) { &one } else { &other };
        with(taken, path, &fs::read(from).unwrap(), "another's").await;
    }
}
