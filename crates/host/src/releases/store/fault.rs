//! What can go wrong with the store, and how people are told.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_keeper::KeeperError;
use plimsoll_model::{Digest, ReleaseId};
use rustix::io::Errno;
use tokio::task::JoinError;

use super::durable::free_bytes;
use crate::trouble::Trouble;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// A file or folder could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// A release does not fit on the disk.
    #[error("{needed} bytes do not fit on the disk of {}, which has {free} bytes free", path.display())]
    Full { path: PathBuf, needed: u64, free: u64 },
    /// What came is not what was announced.
    #[error("the content of file {} is not what was announced: {why}", .digest.short())]
    Mismatch { digest: Digest, why: String },
    /// Less came than was announced.
    #[error("the content of file {} is not what was announced: it has {got} bytes instead of {size}", .digest.short())]
    TooShort { digest: Digest, size: u64, got: u64 },
    /// What lay here of a file does not any more.
    #[error("what this host had of file {} is gone", .file.short())]
    PieceGone { file: Digest },
    /// The content of a file broke off.
    #[error("the upload of file {} broke off: {source}", .digest.short())]
    BrokenOff { digest: Digest, source: io::Error },
    /// A release must not be laid out.
    #[error("release {} is refused: {}: {why}", .release.short(), .path.escape_debug())]
    Hostile { release: ReleaseId, path: String, why: String },
    /// A release was never registered.
    #[error("release {} is not on this host", .0.short())]
    Unknown(ReleaseId),
    /// A release's manifest cannot be read.
    #[error("{} is damaged: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    /// A later version wrote it.
    #[error("{} has version {found}, and this plimsoll knows versions up to {known}", path.display())]
    Newer { path: PathBuf, found: u32, known: u32 },
    /// The work itself ended before its time.
    #[error("the work on the release store was cut off: {0}")]
    CutOff(JoinError),
}

impl Fault {
    /// What makes a fault of an I/O error at `path`.
    pub(super) fn io<E: Into<io::Error>>(action: &'static str, path: &Path) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source: source.into() }
    }

    /// What makes a fault of a file that could not be replaced.
    pub(super) fn replacing(path: &Path) -> impl FnOnce(KeeperError) -> Self {
        let path = path.to_owned();
        move |error| match error {
            KeeperError::Io { action, path, source } => Self::Io { action, path, source },
            other => Self::Io { action: "write", path, source: io::Error::other(other) },
        }
    }

    /// The same in words for people.
    pub(super) fn into_trouble(self) -> Trouble {
        let message = self.to_string();
        match self {
            Fault::Io { ref path, ref source, .. } => io_trouble(message, path, source),
            Fault::Full { .. } => disk_full(message),
            Fault::Mismatch { .. } | Fault::TooShort { .. } | Fault::PieceGone { .. } => {
                Trouble::new("hash-mismatch", message).with_help("deploy again: the file is then sent once more")
            }
            Fault::BrokenOff { .. } => Trouble::new("upload-broken", message).with_help("deploy again: what has arrived is not sent twice"),
            Fault::Hostile { .. } => Trouble::new("release-hostile", message).with_help("look at what the build puts at that path"),
            Fault::Unknown(_) => Trouble::new("release-missing", message).with_help("deploy again: the release is then sent to this host"),
            Fault::Unreadable { .. } => Trouble::new("release-store", message).with_help("delete that file and deploy again"),
            Fault::Newer { .. } => {
                Trouble::new("state-newer", message).with_help("this state folder was written by a newer plimsoll; use that version or newer")
            }
            Fault::CutOff(_) => Trouble::new("release-store", message).with_help("try again; if it stays so, this is a bug in plimsoll"),
        }
    }
}

fn io_trouble(message: String, path: &Path, source: &io::Error) -> Trouble {
    match Errno::from_io_error(source) {
        Some(Errno::NOSPC | Errno::DQUOT) => {
            let free = path.ancestors().find(|folder| folder.exists()).map_or(0, free_bytes);
            disk_full(format!("{message} ({free} bytes are free now)"))
        }
        Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => {
            let help = "let the user who runs plimsoll write there, and see that the disk is not mounted read-only";
            Trouble::new("no-permission", message).with_help(help)
        }
        _ => Trouble::new("release-store", message).with_help("see that the disk is well, then try again"),
    }
}

fn disk_full(message: String) -> Trouble {
    Trouble::new("disk-full", message).with_help("free some space there, or keep fewer releases")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_has_a_code() {
        let check = |errno: Errno, code: &str| {
            let trouble = Fault::io("write", Path::new("/nowhere/at/all"))(errno).into_trouble();
            assert_eq!((trouble.code.as_str(), trouble.help.is_some()), (code, true), "{errno}");
            assert!(trouble.message.starts_with("cannot write /nowhere/at/all: "), "{trouble}");
        };
        check(Errno::NOSPC, "disk-full");
        check(Errno::DQUOT, "disk-full");
        check(Errno::ACCESS, "no-permission");
        check(Errno::PERM, "no-permission");
        check(Errno::ROFS, "no-permission");
        check(Errno::IO, "release-store");
    }
}
