//! Connecting to a socket, however long its path is.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use tokio::net::UnixStream;

/// Longest path that the name of a socket has room for, in bytes, on all systems.
const LONGEST_NAME: usize = 100;

/// Connects to the socket at `path`. Where the path is too long, the way there is over a handle on its folder.
pub(crate) async fn connect(path: &Path) -> io::Result<UnixStream> {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(file)) if path.as_os_str().len() > LONGEST_NAME => {
            let handle = File::open(folder)?;
            UnixStream::connect(Path::new("/proc/self/fd").join(handle.as_raw_fd().to_string()).join(file)).await
        }
        _ => UnixStream::connect(path).await,
    }
}

/// Whether the error says that nobody listens there, rather than that we may not.
pub(crate) fn nobody_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}
