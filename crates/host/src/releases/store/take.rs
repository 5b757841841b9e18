//! Taking contents in: read, hashed and written as they come, and refused when they are not what was announced.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use plimsoll_api::wire::piece::LARGE;
use plimsoll_model::Digest;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use super::blob::{Blob, fits, incoming, part};
use super::fault::Fault;
use super::{Shelf, tree};

/// How much is read at a time, in bytes.
const CHUNK: usize = 128 * 1024;
/// How many chunks may wait to be written.
const WAITING: usize = 4;

/// Takes in the content of `digest`. What is there already is not read.
pub(super) async fn take(shelf: &Arc<Shelf>, digest: Digest, size: u64, content: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), Fault> {
    let (chunks, written) = mpsc::channel(WAITING);
    let shelf = Arc::clone(shelf);
    let writer = tokio::task::spawn_blocking(move || write(&shelf, digest, size, written));
    let fed = feed(content, size, chunks).await;
    let done = writer.await.map_err(Fault::CutOff)?;
    // Content that broke off is the reason why what was written is too short.
    fed.map_err(|source| Fault::BrokenOff { digest, source }).and(done)
}

/// Reads one byte more than announced, if there is one, so that the writer sees that it is too much.
async fn feed(content: &mut (dyn AsyncRead + Send + Unpin), size: u64, to: mpsc::Sender<Bytes>) -> std::io::Result<()> {
    let mut content = content.take(size.saturating_add(1));
    loop {
        let mut chunk = BytesMut::with_capacity(CHUNK.min(usize::try_from(size).unwrap_or(CHUNK).saturating_add(1)));
        if content.read_buf(&mut chunk).await? == 0 || to.send(chunk.freeze()).await.is_err() {
            return Ok(());
        }
    }
}

fn write(shelf: &Shelf, digest: Digest, size: u64, chunks: mpsc::Receiver<Bytes>) -> Result<(), Fault> {
    let blob = Blob { digest, executable: false };
    let place = incoming(shelf, digest);
    if fits(&place, size) || blob.is_there(shelf, size) || blob.twin().is_there(shelf, size) {
        return Ok(());
    }
    let temporary = shelf.incoming().join(shelf.temporary());
    let kept = fill(&temporary, digest, size, chunks).and_then(|()| {
        tree::set_mode(&temporary, blob.mode())?;
        plimsoll_crashpoint::reach!("host: content taken in, without its name");
        fs::rename(&temporary, &place).map_err(Fault::io("write", &place))
    });
    match &kept {
        // What went wrong is told; what cannot be moved or removed now is swept away when the store is opened again.
        Err(Fault::TooShort { got, .. }) if *got >= LARGE => drop(fs::rename(&temporary, part(shelf, digest))),
        Err(_) => drop(tree::remove(&temporary)),
        Ok(()) => drop(tree::remove(&part(shelf, digest))),
    }
    kept
}

fn fill(path: &Path, digest: Digest, size: u64, mut chunks: mpsc::Receiver<Bytes>) -> Result<(), Fault> {
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).map_err(Fault::io("make", path))?;
    let mut hasher = blake3::Hasher::new();
    let mut length = 0;
    while let Some(chunk) = chunks.blocking_recv() {
        length += chunk.len() as u64;
        if length > size {
            return Err(Fault::Mismatch { digest, why: format!("it is longer than {size} bytes") });
        }
        hasher.update(&chunk);
        file.write_all(&chunk).map_err(Fault::io("write", path))?;
    }
    judge(digest, size, hasher.finalize().into(), length)
}

fn judge(digest: Digest, size: u64, got: Digest, length: u64) -> Result<(), Fault> {
    match () {
        () if length != size => Err(Fault::TooShort { digest, size, got: length }),
        () if got != digest => Err(Fault::Mismatch { digest, why: format!("its hash is {}", got.short()) }),
        () => Ok(()),
    }
}
