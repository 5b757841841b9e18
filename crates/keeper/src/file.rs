//! Writing a file so that a reader, also one after a power cut, finds the old or the new text and nothing between.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::KeeperError;

/// Puts `text` in the place of `path`, readable by its owner alone. It is on the disk when this returns.
///
/// Until then it is beside `path`, with the extension `new`.
///
/// # Errors
/// [`KeeperError::Io`] when it cannot be written; `path` is then as it was.
pub fn replace(path: &Path, text: &[u8]) -> Result<(), KeeperError> {
    let written = write_beside(path, text, File::sync_all).and_then(|()| folder_of(path)?.sync_all());
    written.map_err(KeeperError::io("write", path))
}

/// Like [`replace`], for what means nothing after the next start of the machine: it may then be gone.
pub(crate) fn replace_until_reboot(path: &Path, text: &[u8]) -> Result<(), KeeperError> {
    write_beside(path, text, |_| Ok(())).map_err(KeeperError::io("write", path))
}

fn write_beside(path: &Path, text: &[u8], sync: impl Fn(&File) -> io::Result<()>) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temporary)?;
    file.write_all(text)?;
    sync(&file)?;
    std::fs::rename(&temporary, path)
}

fn folder_of(path: &Path) -> io::Result<File> {
    File::open(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}
