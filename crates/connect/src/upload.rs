//! Sending contents of files: read here as fast as the host takes them in, never held as a whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::future::try_join_all;
use futures_util::stream;
use http::Method;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use plimsoll_api::HostError;
use plimsoll_api::wire::{FrameHead, path};
use plimsoll_model::Digest;
use plimsoll_model::deployment::Failure;
use tokio::sync::mpsc;

use crate::link::{Link, Sending};

/// How many files are sent at once: while the host makes one durable, the others keep it busy.
const LANES: usize = 3;

/// Size of what is read and sent at once, in bytes. Small files go several in one part.
const PART: usize = 256 << 10;

/// Parts that may wait in each lane for the host to take them.
const WAITING: usize = 2;

/// The files that no lane has taken yet.
type Queue = Arc<Mutex<std::vec::IntoIter<(Digest, PathBuf)>>>;

/// The parts of a body on their way.
type Parts = mpsc::Sender<io::Result<Bytes>>;

/// Sends each of `files`.
pub(crate) async fn upload(link: &Link, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
    let lanes = files.len().min(LANES);
    let queue: Queue = Arc::new(Mutex::new(files.into_iter()));
    try_join_all((0..lanes).map(|_| send(link, queue.clone()))).await?;
    Ok(())
}

/// One lane: one request with all the files that it comes to.
async fn send(link: &Link, queue: Queue) -> Result<(), HostError> {
    let (parts, read) = mpsc::channel(WAITING);
    let unreadable = Arc::new(OnceLock::new());
    let noted = unreadable.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(Stop::Unreadable(file, error)) = read_all(&queue, &parts) {
            let _ = noted.set(failure(&file, &error));
            // Breaks the request off, so that the host does not take a part for the whole.
            let _ = parts.blocking_send(Err(error));
        }
    });
    let sent = link.exchange(Method::POST, path::FILES, body(read)).await;
    sent.map_err(|error| unreadable.get().cloned().unwrap_or(error))
}

fn body(read: mpsc::Receiver<io::Result<Bytes>>) -> Sending {
    let parts = stream::unfold(read, async |mut read| Some((read.recv().await?.map(Frame::data), read)));
    StreamBody::new(parts).boxed_unsync()
}

/// Why no more is read.
enum Stop {
    /// A file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// Nobody takes it any more.
    Unwanted,
}

fn read_all(queue: &Queue, parts: &Parts) -> Result<(), Stop> {
    let mut part = BytesMut::with_capacity(PART);
    while let Some((digest, file)) = next(queue) {
        let (content, size) = open(&file).map_err(|error| Stop::Unreadable(file.clone(), error))?;
        part.extend_from_slice(&FrameHead { digest, size }.encode());
        read_one(content, size, &mut part, parts).map_err(|stop| stop.map_or(Stop::Unwanted, |error| Stop::Unreadable(file, error)))?;
    }
    pass_on(&mut part, parts).map_err(|Gone| Stop::Unwanted)
}

fn next(queue: &Queue) -> Option<(Digest, PathBuf)> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).next()
}

fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// Fails without an error when nobody takes what is read.
fn read_one(mut content: File, size: u64, part: &mut BytesMut, parts: &Parts) -> Result<(), Option<io::Error>> {
    let mut left = size;
    while left > 0 {
        let begin = part.len();
        let room = usize::try_from(left).unwrap_or(PART).min(PART.saturating_sub(begin).max(1));
        part.resize(begin + room, 0);
        let got = content.read(&mut part[begin..]).map_err(Some)?;
        part.truncate(begin + got);
        if got == 0 {
            return Err(Some(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was read")));
        }
        left -= got as u64;
        if part.len() >= PART {
            pass_on(part, parts).map_err(|Gone| None)?;
        }
    }
    Ok(())
}

/// Nobody takes parts any more.
struct Gone;

fn pass_on(part: &mut BytesMut, parts: &Parts) -> Result<(), Gone> {
    let full = std::mem::replace(part, BytesMut::with_capacity(PART)).freeze();
    parts.blocking_send(Ok(full)).map_err(|_| Gone)
}

fn failure(file: &Path, error: &io::Error) -> HostError {
    let message = format!("cannot read {}, which is to be uploaded: {error}", file.display());
    HostError::Failed(Failure::new("file-unreadable", message).with_help("build again, and let nothing else write into the build's output"))
}
