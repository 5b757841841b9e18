//! The one way in which this crate writes small files that must be whole after a crash.

use std::fs;
use std::path::Path;

use crate::BuildError;

/// Puts `bytes` at `path`, entirely or not at all. A file that already holds them is left alone.
///
/// # Errors
/// The folder cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    plimsoll_durable::replace(path, bytes).map_err(BuildError::io("write", path))
}

/// Makes the folder `path`, and those above it.
///
/// # Errors
/// It cannot be made.
pub(crate) fn folder(path: &Path) -> Result<(), BuildError> {
    fs::create_dir_all(path).map_err(BuildError::io("make the folder", path))
}
