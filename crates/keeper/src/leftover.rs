//! What a killed keeper leaves: its program's process group, which no one watches any more.
//!
//! The program itself is killed by the kernel together with its keeper; this is for the processes that it had started.
//! Those that left the group on top of that are out of reach.

use std::fs;
use std::io;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::procfs::{self, Process};
use crate::{KeeperError, file, folder};

/// The program's process group, told from any other that may get its number.
#[derive(Serialize, Deserialize)]
struct Left {
    version: u32,
    /// The leader of the group, which has its number, as has the session.
    pid: i32,
    /// See [`Process::start`].
    start: u64,
    /// Which start of the machine that was.
    boot: String,
}

/// Records in the current folder that `pid` leads the program's process group.
pub(crate) fn record(pid: Pid) -> Result<(), KeeperError> {
    let pid = pid.as_raw_nonzero().get();
    // A program that is gone already has nothing to be recorded, and its number must not be.
    let Some(process) = procfs::one(pid) else { return Ok(()) };
    let left = Left { version: 1, pid, start: process.start, boot: boot() };
    let text = serde_json::to_vec(&left).expect("a record is strings and numbers");
    file::replace_until_reboot(Path::new(folder::CHILD), &text)
}

/// Takes the record in the current folder back.
pub(crate) fn forget() {
    remove(Path::new("."));
}

/// Kills what is left of the recorded group, and waits until it is gone. To be called with [`folder::LIFE`] locked.
pub(crate) fn clear_away(folder: &Path) -> Result<(), KeeperError> {
    // A record that does not parse was cut off by the end of the machine, which was the end of the group, too.
    let left = fs::read(folder.join(folder::CHILD)).ok().and_then(|text| serde_json::from_slice::<Left>(&text).ok());
    if let Some(left) = left.filter(|left| left.boot == boot()) {
        while kill(&members(&left)).map_err(KeeperError::system("kill what a killed keeper left"))? {}
    }
    remove(folder);
    Ok(())
}

/// Those of the group who live. As long as there is one, the kernel gives its number to no other.
fn members(left: &Left) -> Vec<Process> {
    let all = procfs::all();
    if all.iter().any(|process| process.pid == left.pid && process.start != left.start) {
        return Vec::new();
    }
    all.into_iter().filter(|process| process.group == left.pid && process.session == left.pid && !process.is_zombie()).collect()
}

/// Whether there was anyone to kill. All of them are gone afterwards.
fn kill(members: &[Process]) -> io::Result<bool> {
    let handles: Vec<OwnedFd> = members.iter().filter_map(handle).collect();
    for handle in &handles {
        match pidfd_send_signal(handle, Signal::KILL) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for handle in &handles {
        rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(handle, PollFlags::IN)], None))?;
    }
    Ok(!handles.is_empty())
}

/// A handle on just this process, whatever becomes of its number.
fn handle(process: &Process) -> Option<OwnedFd> {
    let handle = pidfd_open(Pid::from_raw(process.pid)?, PidfdFlags::empty()).ok()?;
    (procfs::one(process.pid)?.start == process.start).then_some(handle)
}

fn remove(folder: &Path) {
    // When it stays, it names a group that is gone, and nothing comes of that.
    let _ = fs::remove_file(folder.join(folder::CHILD));
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
