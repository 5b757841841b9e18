//! Being somebody who may do no more than those whose database it is.
//!
//! A file of a database lies among files that somebody else's program writes, and migrations are somebody else's too: by a link, or by what SQL
//! can open, root would be led to where they may not go themselves. As the folder's owner, with the folder as all there is, nobody is.

use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll_model::RelPath;
use rustix::fs::{Mode, OFlags, fstat, open};
use rustix::process::{Gid, Uid, chroot, fchdir, geteuid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

/// Where `path`, which is in `folder`, is for this process from now on. A process that is not root goes where it may, and stays as it is.
/// The folder that it is in is `room` then, whose owner it is, and else that `folder`.
///
/// Called while the process has one thread, which is the one that those to come take after.
pub(super) fn enter(folder: &Path, path: &RelPath, room: Option<&Path>) -> io::Result<PathBuf> {
    if !geteuid().is_root() {
        room.map_or(Ok(()), std::env::set_current_dir)?;
        return Ok(path.under(folder));
    }
    let room = room.map(File::open).transpose()?;
    let folder = open(folder, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let owner = fstat(&folder)?;
    if let Some(room) = &room {
        fchdir(room)?;
        hand_over(owner.st_uid, owner.st_gid)?;
    }
    fchdir(&folder)?;
    chroot(".")?;
    // Nobody who is not root could come to it by a path: it is reached from here alone.
    room.map_or(Ok(()), |room| fchdir(&room))?;
    // Until a program was started there, the folder is root's, and nobody else has written to it.
    if owner.st_uid != 0 {
        become_user(owner.st_uid, owner.st_gid)?;
    }
    Ok(path.under(Path::new("/")))
}

/// Is `user` or else nobody from now on, unless this process is not root anyway: a server that knows its callers by their user would take who wrote
/// the URL for root. Called as [`enter`] is.
pub(super) fn resign(room: Option<&Path>, user: Option<&str>) -> io::Result<()> {
    room.map_or(Ok(()), std::env::set_current_dir)?;
    if !geteuid().is_root() {
        return Ok(());
    }
    let (user, group, groups) = match user {
        Some(user) => (number(user, "-u")?, number(user, "-g")?, numbers(user, "-G")?),
        None => (NOBODY, NOBODY, Vec::new()),
    };
    if room.is_some() {
        hand_over(user, group)?;
    }
    set_thread_groups(&groups.into_iter().map(Gid::from_raw).collect::<Vec<_>>())?;
    lay_down(user, group)
}

fn number(user: &str, which: &str) -> io::Result<u32> {
    numbers(user, which)?.first().copied().ok_or_else(|| io::Error::other(format!("the user {user} has no number")))
}

/// Whatever the machine knows its users by, `id` knows it too.
#[expect(clippy::disallowed_methods, reason = "it ends at once, and gets nothing of our environment")]
fn numbers(user: &str, which: &str) -> io::Result<Vec<u32>> {
    let told = Command::new("/usr/bin/id").args([which, "--", user]).env_clear().stdin(Stdio::null()).output()?;
    if !told.status.success() {
        return Err(io::Error::other(format!("this host has no user {user}")));
    }
    let words = String::from_utf8_lossy(&told.stdout);
    words.split_whitespace().map(|word| word.parse().map_err(io::Error::other)).collect()
}

/// Keeps other processes from working in the folder that this one is in, for as long as what is answered is held; waits until none does.
pub(super) fn lock_room() -> io::Result<File> {
    let room = File::open(".")?;
    room.lock()?;
    Ok(room)
}

/// Makes this user the owner of the folder that the process is in, and of all in it, unless it is.
fn hand_over(user: u32, group: u32) -> io::Result<()> {
    if std::fs::metadata(".")?.uid() == user {
        return Ok(());
    }
    own(Path::new("."), user, group)
}

/// Those in it first: one that was cut off is begun again.
fn own(path: &Path, user: u32, group: u32) -> io::Result<()> {
    if std::fs::symlink_metadata(path)?.is_dir() {
        for entry in std::fs::read_dir(path)? {
            own(&entry?.path(), user, group)?;
        }
    }
    lchown(path, Some(user), Some(group))
}

/// The user and the group that own nothing.
const NOBODY: u32 = 65_534;

fn become_user(user: u32, group: u32) -> io::Result<()> {
    set_thread_groups(&[])?;
    lay_down(user, group)
}

fn lay_down(user: u32, group: u32) -> io::Result<()> {
    set_thread_gid(Gid::from_raw(group))?;
    set_thread_uid(Uid::from_raw(user))?;
    Ok(())
}
