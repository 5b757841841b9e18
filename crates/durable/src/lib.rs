//! The one way to write a file that is whole after a crash: whoever reads it finds the old or the new bytes, and nothing between. And to delete
//! files for good.
//!
//! What is in the files, and what to say when they cannot be written, is left to those who own them.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Puts `bytes` in the place of `path`, readable by its owner alone. They are on the disk when this returns.
///
/// Until then they are beside `path`, with the extension `new`; two writers of one path must take turns.
///
/// # Errors
/// When it cannot be written; `path` is then as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace_with(path, bytes, |_| Ok(()))
}

/// Like [`replace`]; `prepare` gives the file its owner and permissions before anyone finds it at `path`.
///
/// # Errors
/// As there, and what `prepare` says.
pub fn replace_with(path: &Path, bytes: &[u8], prepare: impl Fn(&File) -> io::Result<()>) -> io::Result<()> {
    write_beside(path, bytes, |file| prepare(file).and_then(|()| file.sync_all()))?;
    folder_of(path)?.sync_all()
}

/// Like [`replace`], for what means nothing after the next start of the machine: it may then be gone.
///
/// # Errors
/// When it cannot be written; `path` is then as it was.
pub fn replace_until_reboot(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_beside(path, bytes, |_| Ok(()))
}

/// Deletes every file of `folder` whose name is not among `names`. They are gone for good when this returns; where there is no folder there is
/// nothing to do.
///
/// # Errors
/// When the folder cannot be read, or a file in it cannot be deleted.
pub fn keep_only(folder: &Path, names: &BTreeSet<String>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(|name| names.contains(name)) {
            std::fs::remove_file(entry.path())?;
        }
    }
    File::open(folder)?.sync_all()
}

fn write_beside(path: &Path, bytes: &[u8], sync: impl Fn(&File) -> io::Result<()>) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    sync(&file)?;
    std::fs::rename(&temporary, path)
}

fn folder_of(path: &Path) -> io::Result<File> {
    File::open(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_new_bytes_are_there_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        for bytes in ["a long first text", "short"] {
            replace(&path, bytes.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bytes);
        }
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        replace(&path, b"old").unwrap();
        // A folder stands where the new bytes would be put first.
        std::fs::create_dir(folder.path().join("state.new")).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }
}
