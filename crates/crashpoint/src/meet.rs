//! The meeting of a process at a point with who watches it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

/// Tells that this process has come to the point `name`, and returns when it may go on: at once where nobody listens.
pub fn meet(name: &str) {
    // Whoever listened and is gone lets everyone go on.
    let _ = wait(name);
}

/// All processes of a host run one binary, so they find who listens without being told, whatever their environment.
fn wait(name: &str) -> io::Result<()> {
    let mut listener = UnixStream::connect(std::env::current_exe()?.with_file_name("crash-points.sock"))?;
    listener.write_all(format!("{} {name}\n", std::process::id()).as_bytes())?;
    listener.read_exact(&mut [0])
}
