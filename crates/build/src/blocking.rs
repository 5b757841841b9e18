//! Work that reads and writes many files, done where it holds up no one else.

use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

/// Does `work` on a thread for such work.
pub(crate) async fn blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    match spawn_blocking(work).await {
        Ok(done) => done,
        // It is never cancelled while it is waited for, so this is its own panic.
        Err(error) => resume_unwind(error.into_panic()),
    }
}
