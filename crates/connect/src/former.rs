//! The program of a daemon that is about to give way: kept until its successor serves, in case that it never does.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use plimsoll_api::Facts;

use crate::{ConnectError, build_id, start};

/// A program that served here.
pub(crate) struct Former {
    exe: PathBuf,
    build: String,
}

impl Former {
    /// Sees to it that the program of the daemon that has told `facts` can be started again. An upgrade often puts another file in its
    /// place, or deletes it: what is left of it then is what the process runs, and that is copied. None when it cannot be had.
    pub(crate) async fn keep(home: &Path, facts: &Facts) -> Option<Self> {
        let (home, pid, build) = (home.to_owned(), facts.pid, facts.build.clone());
        tokio::task::spawn_blocking(move || keep(&home, pid, build)).await.ok().flatten()
    }

    /// Starts it again.
    pub(crate) async fn start(&self, home: &Path) -> Result<(), ConnectError> {
        start::start(&self.exe, home, &self.build).await
    }
}

fn keep(home: &Path, pid: u32, build: String) -> Option<Former> {
    let running = PathBuf::from(format!("/proc/{pid}/exe"));
    let is_it = |path: &Path| build_id(path).is_ok_and(|found| found == build);
    // In another container the number may be another process'.
    if !is_it(&running) {
        return None;
    }
    match fs::read_link(&running) {
        Ok(exe) if is_it(&exe) => Some(Former { exe, build }),
        _ => copy(&running, &home.join("former")).ok().map(|exe| Former { exe, build }),
    }
}

/// Copies a program into a folder for its owner alone.
fn copy(from: &Path, folder: &Path) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let (path, beside) = (folder.join("plimsoll"), folder.join("plimsoll.new"));
    let mut written = OpenOptions::new().create(true).truncate(true).write(true).mode(0o700).open(&beside)?;
    io::copy(&mut File::open(from)?, &mut written)?;
    written.sync_all()?;
    fs::rename(&beside, &path)?;
    File::open(folder)?.sync_all()?;
    Ok(path)
}
