//! The same work on many files: on a few threads, for disks do several things at once.

use std::thread;

use super::fault::Fault;

/// More threads than this do not make a disk quicker.
const THREADS: usize = 4;
/// Fewer files than this are not worth a thread.
const SHARE: usize = 64;

/// Does `work` with each of `items`. Stops at failures; answers one of them.
pub(super) fn for_each<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<(), Fault> + Sync) -> Result<(), Fault> {
    let share = items.len().div_ceil(THREADS).max(SHARE);
    if items.len() <= share {
        return items.iter().try_for_each(work);
    }
    thread::scope(|scope| {
        let threads: Vec<_> = items.chunks(share).map(|chunk| scope.spawn(|| chunk.iter().try_for_each(&work))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
