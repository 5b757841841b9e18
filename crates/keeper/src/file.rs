//! Writing a file so that a reader, also one after a power cut, finds the old or the new text and nothing between.

use std::path::Path;

use crate::KeeperError;

/// Puts `text` in the place of `path`, readable by its owner alone. It is on the disk when this returns.
///
/// Until then it is beside `path`, with the extension `new`.
///
/// # Errors
/// [`KeeperError::Io`] when it cannot be written; `path` is then as it was.
pub fn replace(path: &Path, text: &[u8]) -> Result<(), KeeperError> {
    plimsoll_durable::replace(path, text).map_err(KeeperError::io("write", path))
}

/// Like [`replace`], for what means nothing after the next start of the machine: it may then be gone.
pub(crate) fn replace_until_reboot(path: &Path, text: &[u8]) -> Result<(), KeeperError> {
    plimsoll_durable::replace_until_reboot(path, text).map_err(KeeperError::io("write", path))
}
