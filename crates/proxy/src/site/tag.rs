//! Entity tags: the same for the same content over deployments, and never the same for different content.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Up to this size, in bytes, a file is named by its content. Reading a larger one through for its name would hold up
/// other requests; it is named by its place, which belongs to one release, and by size and time.
const HASHED: u64 = 1 << 20;

/// The tags of a site's files, as far as they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Tags(Mutex<HashMap<PathBuf, (Stamp, String)>>);

/// A file with the same stamp has not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    seconds: i64,
    nanos: i64,
}

impl Tags {
    /// The tag of `file`, which is at `path`, without quotes.
    pub(crate) fn of(&self, path: &Path, file: &mut File, about: &Metadata) -> io::Result<String> {
        let stamp = Stamp { inode: about.ino(), size: about.size(), seconds: about.mtime(), nanos: about.mtime_nsec() };
        if let Some((_, tag)) = self.known().get(path).filter(|(known, _)| *known == stamp) {
            return Ok(tag.clone());
        }
        let tag = name(path, file, stamp)?;
        self.known().insert(path.to_owned(), (stamp, tag.clone()));
        Ok(tag)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (Stamp, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(path: &Path, file: &mut File, stamp: Stamp) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    if stamp.size <= HASHED {
        hasher.update_reader(&mut *file)?;
        io::Seek::rewind(file)?;
    } else {
        hasher.update(path.as_os_str().as_encoded_bytes());
        for part in [stamp.size.to_le_bytes(), stamp.seconds.to_le_bytes(), stamp.nanos.to_le_bytes()] {
            hasher.update(&part);
        }
    }
    Ok(hasher.finalize().to_hex()[..24].to_owned())
}
