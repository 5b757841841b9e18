//! One lane: one request with all the files that it comes to.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::Method;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use plimsoll_api::HostError;
use plimsoll_api::wire::{block, path};
use plimsoll_model::deployment::Failure;
use tokio::sync::mpsc;

use super::parcel::{Parcel, Stop};
use super::{Queue, unreadable};
use crate::link::{Link, Sending};

/// Size of what is read and sent at once, in bytes. Small files go several in one part.
const PART: usize = block::LARGEST;

/// Parts that may wait in each lane for the host to take them.
const WAITING: usize = 2;

/// What is read here, on its way to the host.
struct Belt {
    part: BytesMut,
    to: mpsc::Sender<io::Result<Bytes>>,
    /// Makes it smaller.
    packer: Option<block::Packer>,
}

/// Sends what there is in the queue; in blocks, if it goes `afar`.
pub(super) async fn send(link: &Link, queue: Queue, afar: bool) -> Result<(), HostError> {
    let (to, read) = mpsc::channel(WAITING);
    let failed = Arc::new(OnceLock::new());
    let noted = failed.clone();
    let packer = if afar { Some(block::Packer::new().map_err(|error| no_memory(&error))?) } else { None };
    tokio::task::spawn_blocking(move || {
        let mut belt = Belt { part: BytesMut::with_capacity(PART), to, packer };
        if let Err(Stop::Unreadable(file, error)) = belt.carry(&queue) {
            let _ = noted.set(unreadable(&file, &error));
            // Breaks the request off, so that the host does not take a part for the whole.
            let _ = belt.to.blocking_send(Err(error));
        }
    });
    let sent = link.exchange(Method::POST, if afar { path::FILES_IN_BLOCKS } else { path::FILES }, body(read)).await;
    sent.map_err(|error| failed.get().cloned().unwrap_or(error))
}

fn body(read: mpsc::Receiver<io::Result<Bytes>>) -> Sending {
    let parts = stream::unfold(read, async |mut read| Some((read.recv().await?.map(Frame::data), read)));
    StreamBody::new(parts).boxed_unsync()
}

impl Belt {
    fn carry(&mut self, queue: &Queue) -> Result<(), Stop> {
        while let Some(parcel) = next(queue) {
            parcel.read(|content, length| self.take(&parcel, content, length))?;
        }
        self.pass_on()
    }

    fn take(&mut self, parcel: &Parcel, content: &mut dyn Read, length: u64) -> Result<(), Stop> {
        let unread = |error| Stop::Unreadable(parcel.path.clone(), error);
        let mut left = length;
        while left > 0 {
            let begin = self.part.len();
            let room = usize::try_from(left).unwrap_or(PART).min(PART - begin);
            self.part.resize(begin + room, 0);
            let got = content.read(&mut self.part[begin..]).map_err(unread)?;
            self.part.truncate(begin + got);
            if got == 0 {
                return Err(unread(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was read")));
            }
            left -= got as u64;
            if self.part.len() == PART {
                self.pass_on()?;
            }
        }
        Ok(())
    }

    fn pass_on(&mut self) -> Result<(), Stop> {
        let full = std::mem::replace(&mut self.part, BytesMut::with_capacity(PART)).freeze();
        let give = |bytes| self.to.blocking_send(bytes).map_err(|_| Stop::Unwanted);
        match &mut self.packer {
            None => give(Ok(full)),
            Some(packer) => match packer.pack(full) {
                Ok(block) => block.into_iter().try_for_each(|bytes| give(Ok(bytes))),
                Err(error) => give(Err(error)),
            },
        }
    }
}

fn next(queue: &Queue) -> Option<Parcel> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).next()
}

fn no_memory(error: &io::Error) -> HostError {
    HostError::Internal(Failure::new("compression", format!("nothing can be made smaller: {error}")))
}
