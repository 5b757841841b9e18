//! Being somebody who may do no more than those whose database it is.
//!
//! A file of a database lies among files that somebody else's program writes, and migrations are somebody else's too: by a link, or by what SQL
//! can open, root would be led to where they may not go themselves. As the folder's owner, with the folder as all there is, nobody is.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::RelPath;
use rustix::fs::{Mode, OFlags, fstat, open};
use rustix::process::{Gid, Uid, chroot, fchdir, geteuid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

/// Where `path`, which is in `folder`, is for this process from now on. A process that is not root goes where it may, and stays as it is.
///
/// Called while the process has one thread, which is the one that those to come take after.
pub(super) fn enter(folder: &Path, path: &RelPath) -> io::Result<PathBuf> {
    if !geteuid().is_root() {
        return Ok(path.under(folder));
    }
    let folder = open(folder, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let owner = fstat(&folder)?;
    fchdir(&folder)?;
    chroot(".")?;
    // Until a program was started there, the folder is root's, and nobody else has written to it.
    if owner.st_uid != 0 {
        become_user(owner.st_uid, owner.st_gid)?;
    }
    Ok(path.under(Path::new("/")))
}

/// Is nobody from now on, unless this process is not root anyway: a server that knows its callers by their user would take who wrote the URL for
/// root. Called as [`enter`] is.
pub(super) fn resign() -> io::Result<()> {
    if geteuid().is_root() { become_user(NOBODY, NOBODY) } else { Ok(()) }
}

/// The user and the group that own nothing.
const NOBODY: u32 = 65_534;

fn become_user(user: u32, group: u32) -> io::Result<()> {
    set_thread_groups(&[])?;
    set_thread_gid(Gid::from_raw(group))?;
    set_thread_uid(Uid::from_raw(user))?;
    Ok(())
}
