//! The certificate that clients are shown: read again once its files are others.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, fs};

use plimsoll_certificate::Pair;
use plimsoll_ops::OpError;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Files with a certificate and its key, as they are read and judged, and what they hold.
pub struct Shown {
    files: [PathBuf; 2],
    read: Box<dyn Fn() -> Result<Pair, OpError> + Send + Sync>,
    now: Mutex<Now>,
}

struct Now {
    states: [State; 2],
    usable: Arc<CertifiedKey>,
}

/// What tells that a file is another one: its inode, its size in bytes, and when it was changed, in seconds and nanoseconds. None when it is not there.
type State = Option<(u64, u64, i64, i64)>;

impl Shown {
    /// Reads the certificate. `read` is called again whenever a client comes after one of `files` has changed; as long as it fails, the certificate
    /// of before is shown.
    ///
    /// # Errors
    /// What `read` says.
    pub fn of(files: [PathBuf; 2], read: impl Fn() -> Result<Pair, OpError> + Send + Sync + 'static) -> Result<Self, OpError> {
        // Looked at first: what changes while it is read is read again.
        let states = states(&files);
        let usable = read()?.usable();
        Ok(Self { files, read: Box::new(read), now: Mutex::new(Now { states, usable }) })
    }

    fn current(&self) -> Arc<CertifiedKey> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let states = states(&self.files);
        if states != now.states {
            now.states = states;
            match (self.read)() {
                Ok(pair) => now.usable = pair.usable(),
                // As in the middle of a renewal, when the key is still that of the certificate before.
                Err(error) => tracing::warn!(%error, "the certificate of before is still shown"),
            }
        }
        Arc::clone(&now.usable)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("files", &self.files).finish_non_exhaustive()
    }
}

fn states(files: &[PathBuf; 2]) -> [State; 2] {
    let state = |file: &Path| fs::metadata(file).ok().map(|about| (about.ino(), about.size(), about.ctime(), about.ctime_nsec()));
    files.each_ref().map(|file| state(file))
}
