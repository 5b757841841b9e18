//! Data on its way into and out of a file: compressed, summed up, and never whole in memory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use plimsoll_model::Digest;

use super::error::BackupError;
use super::manifest::DataFile;

/// What zstd itself takes: more costs far more time than it saves room.
const LEVEL: i32 = 3;

/// Runs file work beside everything else.
pub(super) async fn in_background<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, BackupError> {
    let owned = path.to_owned();
    let done = tokio::task::spawn_blocking(move || work(&owned)).await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
    done.map_err(|error| BackupError::file(path, &error))
}

/// Compresses all of it into a new file, which is on the disk when this returns.
pub(super) fn compress(from: impl Read, to: &Path) -> io::Result<DataFile> {
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(to)?;
    let mut summed = Summed { to: file, size: 0, hash: blake3::Hasher::new() };
    zstd::stream::copy_encode(from, &mut summed, LEVEL)?;
    summed.to.sync_all()?;
    let name = to.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(DataFile { name, size: summed.size, hash: summed.hash.finalize().into() })
}

/// Gives all that was compressed into the file.
pub(super) fn decompress(from: &Path, to: impl Write) -> io::Result<()> {
    zstd::stream::copy_decode(File::open(from)?, to)
}

/// Size and hash of a file.
pub(super) fn sum(path: &Path) -> io::Result<(u64, Digest)> {
    let mut hash = blake3::Hasher::new();
    let size = io::copy(&mut File::open(path)?, &mut hash)?;
    Ok((size, hash.finalize().into()))
}

/// Sums up what passes.
struct Summed<W> {
    to: W,
    size: u64,
    hash: blake3::Hasher,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
