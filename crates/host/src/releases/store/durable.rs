//! Getting files on the disk, and how much room it has.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::fault::Fault;

/// From how many files on it is quicker to let the file system write all that it holds than to ask for each.
const MANY: usize = 32;

/// Returns when all of `paths`, which are on one file system, are on the disk. A few are asked for one by one, so that
/// what other programs have written is not waited for; many are left to one `syncfs`.
pub(super) fn settle(paths: &[PathBuf]) -> Result<(), Fault> {
    match paths {
        [first, ..] if paths.len() >= MANY => settle_all(first),
        few => few.iter().try_for_each(|path| open(path)?.sync_all().map_err(Fault::io("sync", path))),
    }
}

/// Returns when what was made, renamed or deleted in the folder of `path` is on the disk.
pub(super) fn settle_folder_of(path: &Path) -> Result<(), Fault> {
    path.parent().map_or(Ok(()), |folder| settle(&[folder.to_owned()]))
}

#[cfg(target_os = "linux")]
fn settle_all(on: &Path) -> Result<(), Fault> {
    rustix::fs::syncfs(open(on)?).map_err(Fault::io("sync the disk of", on))
}

#[cfg(not(target_os = "linux"))]
fn settle_all(_on: &Path) -> Result<(), Fault> {
    rustix::fs::sync();
    Ok(())
}

fn open(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(Fault::io("open", path))
}

/// Free space of the disk that holds `path`, in bytes. 0 when it cannot be told.
pub(super) fn free_bytes(path: &Path) -> u64 {
    rustix::fs::statvfs(path).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}
