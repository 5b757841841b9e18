//! The folder of a backup while it is written: beside its place, and renamed when it is whole.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::error::BackupError;

/// A folder that is deleted with all that is in it, unless it is finished.
pub(crate) struct Unfinished {
    place: PathBuf,
    path: PathBuf,
    is_finished: bool,
}

impl Unfinished {
    /// One that is to become `place`. What is left of one that was cut off is deleted.
    pub fn new(place: &Path) -> Result<Self, BackupError> {
        if place.exists() {
            return Err(BackupError::Exists(place.to_owned()));
        }
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let path = place.with_file_name(name);
        let made = gone(&path).and_then(|()| DirBuilder::new().mode(0o700).create(&path));
        made.map_err(|error| BackupError::file(&path, &error))?;
        Ok(Self { place: place.to_owned(), path, is_finished: false })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it in its place; it is on the disk when this returns.
    pub fn finish(mut self) -> Result<(), BackupError> {
        let parent = self.place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let synced = |path: &Path| File::open(path).and_then(|folder| folder.sync_all());
        plimsoll_crashpoint::reach!("client: backup written, not in its place");
        let moved = synced(&self.path).and_then(|()| fs::rename(&self.path, &self.place));
        moved.map_err(|error| BackupError::file(&self.place, &error))?;
        self.is_finished = true;
        synced(parent).map_err(|error| BackupError::file(parent, &error))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            // What stays is deleted before the next one is written.
            let _ = gone(&self.path);
        }
    }
}

fn gone(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
