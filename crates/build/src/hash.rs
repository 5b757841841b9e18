//! Hashing files, many at once, none of them read into memory as a whole.

use std::fs::{File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use plimsoll_model::Digest;

/// Fewer items than this are not worth a thread.
const WORTH_A_THREAD: usize = 32;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// The hash of a file's bytes.
///
/// # Errors
/// It cannot be read.
pub(crate) fn file(path: &Path) -> io::Result<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize().into())
}

/// Copies a file, and answers the hash and the number of the bytes that were written: they are those, whatever happens to
/// the original.
///
/// # Errors
/// It cannot be read, or the copy cannot be written.
pub(crate) fn copy(from: &Path, to: &Path, mode: u32) -> io::Result<(Digest, u64)> {
    let (mut from, mut to) = (File::open(from)?, File::create_new(to)?);
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; PIECE];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                hasher.update(&buffer[..length]);
                to.write_all(&buffer[..length])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    to.set_permissions(Permissions::from_mode(mode))?;
    Ok((hasher.finalize().into(), hasher.count()))
}

/// Does `work` on each item, on as many threads as there are cores. Answers in the order of the items.
///
/// # Errors
/// The first failure, in the order of the items.
pub(crate) fn each<T: Sync, R: Send, E: Send>(items: &[T], work: impl Fn(&T) -> Result<R, E> + Sync) -> Result<Vec<R>, E> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(items.len().div_ceil(WORTH_A_THREAD)).max(1);
    let next = AtomicUsize::new(0);
    let share = || {
        let mine = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < items.len()));
        mine.map(|at| (at, work(&items[at]))).collect::<Vec<_>>()
    };
    let mut done: Vec<(usize, Result<R, E>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(share)).collect();
        let own = share();
        own.into_iter().chain(others.into_iter().flat_map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))).collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_answered_in_order() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(each(&items, |item| Ok::<_, ()>(item * 2)), Ok(items.iter().map(|item| item * 2).collect()));
        assert_eq!(each(&items, |item| if *item < 500 { Ok(()) } else { Err(*item) }), Err(500));
    }
}
