//! Sending contents of files: read here as fast as the host takes them in, never held as a whole.

mod lane;
mod parcel;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures_util::future::try_join_all;
use plimsoll_api::HostError;
use plimsoll_model::Digest;
use plimsoll_model::deployment::Failure;

use crate::link::Link;
use crate::way::Way;
use parcel::Parcel;

/// How many files are sent at once: while the host makes one durable, the others keep it busy.
const LANES: usize = 3;

/// The parcels that no lane has taken yet.
type Queue = Arc<Mutex<std::vec::IntoIter<Parcel>>>;

/// Sends each of `files`. Over a network no more than the host lacks, and that as small as it gets.
pub(crate) async fn upload(link: &Link, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
    let afar = matches!(link.way(), Way::Ssh(_));
    let parcels: Vec<Parcel> = if afar {
        try_join_all(files.into_iter().map(|(digest, path)| parcel::sparing(link, digest, path))).await?
    } else {
        files.into_iter().map(|(digest, path)| Parcel::whole(digest, path)).collect()
    };
    let lanes = parcels.len().min(LANES);
    let queue: Queue = Arc::new(Mutex::new(parcels.into_iter()));
    try_join_all((0..lanes).map(|_| lane::send(link, queue.clone(), afar))).await?;
    Ok(())
}

/// A file that is to be sent cannot be read.
fn unreadable(file: &Path, error: &std::io::Error) -> HostError {
    let message = format!("cannot read {}, which is to be uploaded: {error}", file.display());
    HostError::Failed(Failure::new("file-unreadable", message).with_help("build again, and let nothing else write into the build's output"))
}
