//! Proxies that gave their place to this one and still finish what they have begun. A client that they keep a connection of may ask
//! them once more, and is to be answered by the slot that serves then; and a slot is idle only when they have done with it, too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;
use plimsoll_model::route::RouteTable;

use super::{Client, ControlError};

/// What the names of their sockets start and end with.
const STEM: &str = "retired-";
const TAIL: &str = ".sock";
/// How long one may take to change its table. What does not by then answers no one, and cannot be asked wrongly.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the process `pid` is told what has changed since it retired.
pub(crate) fn socket(folder: &Path, pid: u32) -> PathBuf {
    folder.join(format!("{STEM}{pid}{TAIL}"))
}

/// Tells all of them that `table` is in force.
pub(crate) async fn follow(folder: &Path, table: &RouteTable) {
    join_all(sockets(folder).into_iter().map(|socket| tell(socket, table))).await;
}

/// Waits until none of them has anything in flight to `slot`, or for `timeout_ms`; says how much they have.
pub(crate) async fn drained(folder: &Path, slot: &str, timeout_ms: u64) -> u64 {
    let asked = sockets(folder).into_iter().map(|socket| async move { Client::new(socket).drain(slot, timeout_ms).await });
    join_all(asked).await.into_iter().flatten().map(|drained| drained.remaining).sum()
}

async fn tell(socket: PathBuf, table: &RouteTable) {
    match tokio::time::timeout(PATIENCE, Client::new(socket.clone()).put(table)).await {
        // One that was told of a newer table by now needs no older one.
        Ok(Ok(()) | Err(ControlError::Stale { .. })) => {}
        // It ended: with its last request, or killed. Then its name is all that is left.
        Ok(Err(ControlError::Unreachable { .. })) => drop(std::fs::remove_file(&socket)),
        Ok(Err(error)) => tracing::error!(socket = %socket.display(), %error, "a retired proxy does not follow"),
        Err(_) => tracing::error!(socket = %socket.display(), "a retired proxy does not answer"),
    }
}

fn sockets(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let is_one = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(STEM) && name.ends_with(TAIL));
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_one).collect()
}
