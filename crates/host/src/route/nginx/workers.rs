//! The worker processes of nginx: which of them take no more connections, and when they have ended.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use plimsoll_keeper::procfs;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::program::title;

const PAUSE: Duration = Duration::from_millis(5);
const WORKER: &str = "nginx: worker process";
const RETIRING: &str = "nginx: worker process is shutting down";

/// Those that take connections.
pub(super) fn serving(master: u32) -> BTreeSet<u32> {
    of(master, |title| title.starts_with(WORKER) && !title.starts_with(RETIRING))
}

/// Those of configurations before, which finish what they have begun.
pub(super) fn retiring(master: u32) -> BTreeSet<u32> {
    of(master, |title| title.starts_with(RETIRING))
}

/// Returns when none of `before` takes connections any more: nobody tells when they begin to retire.
pub(super) async fn retired(master: u32, before: &BTreeSet<u32>) {
    while !serving(master).is_disjoint(before) {
        tokio::time::sleep(PAUSE).await;
    }
}

fn of(master: u32, is: impl Fn(&str) -> bool) -> BTreeSet<u32> {
    let children = procfs::all().into_iter().filter(|process| u32::try_from(process.parent) == Ok(master) && !process.is_zombie());
    children.filter_map(|process| u32::try_from(process.pid).ok()).filter(|pid| title(*pid).is_some_and(|title| is(&title))).collect()
}

/// Returns when none of these processes lives any more.
pub(super) async fn ended(pids: impl IntoIterator<Item = u32>) {
    join_all(pids.into_iter().map(end_of)).await;
}

async fn end_of(pid: u32) {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    // One that cannot be opened has ended already.
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    // SAFETY: the descriptor is the handle's own, and open until the handle is dropped with what registers it here.
    match unsafe { AsyncFd::register_with_interest(handle, Interest::READABLE) } {
        Ok(handle) => drop(handle.readable().await),
        Err(error) => tracing::error!(%error, "the end of a process cannot be waited for"),
    }
}
