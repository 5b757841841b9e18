//! Who runs this process, and where.

use std::path::PathBuf;

/// The login name, or the user's number where it has none.
pub fn user() -> String {
    let named = ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    named.unwrap_or_else(|| format!("uid-{}", rustix::process::getuid().as_raw()))
}

/// The name of this machine.
pub fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The running binary. When its file was replaced meanwhile, the one that is there now.
///
/// # Errors
/// The system does not tell.
pub fn exe() -> std::io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    Ok(match path.to_str().and_then(|path| path.strip_suffix(" (deleted)")) {
        Some(replaced) if !path.exists() => PathBuf::from(replaced),
        _ => path,
    })
}
