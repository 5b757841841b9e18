//! Side by side where nothing is shared, one after the other where a folder is.

use std::collections::BTreeMap;
use std::thread::available_parallelism;

use futures_util::{StreamExt, TryStreamExt, stream};
use plimsoll_model::RelPath;

use crate::BuildError;

/// Does each piece of work, which comes with the folder that it needs for itself. As many folders are worked on at once as
/// there are cores. The first failure drops all other work.
///
/// # Errors
/// The first failure.
pub(crate) async fn side_by_side<R>(work: Vec<(RelPath, impl Future<Output = Result<R, BuildError>>)>) -> Result<Vec<R>, BuildError> {
    let mut folders: BTreeMap<RelPath, Vec<_>> = BTreeMap::new();
    for (folder, piece) in work {
        folders.entry(folder).or_default().push(piece);
    }
    let cores = available_parallelism().map_or(1, usize::from);
    let queues = stream::iter(folders.into_values().map(one_by_one));
    Ok(queues.buffer_unordered(cores).try_collect::<Vec<Vec<R>>>().await?.into_iter().flatten().collect())
}

async fn one_by_one<R>(queue: Vec<impl Future<Output = Result<R, BuildError>>>) -> Result<Vec<R>, BuildError> {
    let mut done = Vec::new();
    for piece in queue {
        done.push(piece.await?);
    }
    Ok(done)
}
