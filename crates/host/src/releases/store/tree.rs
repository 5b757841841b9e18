//! Making and removing folders and files, without ever following a link.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::durable;
use super::fault::Fault;

/// Makes a folder and those above it.
pub(super) fn make(folder: &Path) -> Result<(), Fault> {
    fs::create_dir_all(folder).map_err(Fault::io("make", folder))
}

/// Sets the permissions of a file or folder.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), Fault> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(Fault::io("set the permissions of", path))
}

/// What is in `folder`; nothing when there is no such folder.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        entries => entries.map_err(Fault::io("list", folder))?,
    };
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(Fault::io("list", folder))).collect()
}

/// What is in the folders in `folder`, in those of these, and so on, `depth` folders deep.
pub(super) fn list_deep(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, Fault> {
    let mut found = list(folder)?;
    for _ in 0..depth {
        found = found.iter().map(|folder| list(folder)).collect::<Result<Vec<_>, _>>()?.concat();
    }
    Ok(found)
}

/// Deletes a file; it is gone for good when this returns. None there is as good.
pub(super) fn delete_file(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        deleted => {
            deleted.map_err(Fault::io("delete", path))?;
            durable::settle_folder_of(path)
        }
    }
}

/// Removes whatever is at `path`, read-only folders too. Nothing there is as good.
pub(super) fn remove(path: &Path) -> Result<(), Fault> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Fault::io("look at", path)(error)),
        Ok(meta) if meta.is_dir() => {
            open_up(path)?;
            fs::remove_dir_all(path).map_err(Fault::io("remove", path))
        }
        Ok(_) => fs::remove_file(path).map_err(Fault::io("remove", path)),
    }
}

/// Lets the owner of a folder, and of all folders in it, delete from it.
fn open_up(folder: &Path) -> Result<(), Fault> {
    set_mode(folder, 0o755)?;
    for entry in fs::read_dir(folder).map_err(Fault::io("list", folder))? {
        let entry = entry.map_err(Fault::io("list", folder))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}
