//! Where this process talks: data goes to standard output, all else to standard error.

use std::io::Write;

/// Writes a line on standard error; without colours where they are not wanted. That nobody reads it is no trouble.
pub fn tell(line: &str) {
    let _ = writeln!(anstream::AutoStream::auto(std::io::stderr().lock()), "{line}");
}
