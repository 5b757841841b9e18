//! Writing a file that belongs to somebody else: whole or not at all, and with its permissions and the links to it as they were.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Puts `text` into `file`, which gets these permissions when it is new, in a folder that is made when it is not there.
pub(crate) fn rewrite(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let permissions = fs::metadata(&file).map_or_else(|_| Permissions::from_mode(mode), |found| found.permissions());
    plimsoll_durable::replace_with(&file, text.as_bytes(), |new| new.set_permissions(permissions.clone()))
}
