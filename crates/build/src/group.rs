//! The process group of a command: it ends with whoever waits for it, even when that is killed.

use std::io;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

use crate::process;

/// A process group. Killed when dropped, and when this process ends without having dropped it.
pub(crate) struct Group {
    leader: Option<Pid>,
    /// Waits for the end of its standard input, of which this process has the other end.
    _guard: Option<Child>,
}

impl Group {
    /// The group that `leader` leads.
    ///
    /// # Errors
    /// The system has no process to give. Then nobody watches over the group: it is killed.
    pub(crate) fn of(leader: &Child) -> io::Result<Self> {
        let leader = leader.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let mut group = Self { leader, _guard: None };
        group._guard = leader.map(|leader| process::guard(leader).spawn()).transpose()?;
        Ok(group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // Fails when nothing is left of it, which is what is wanted.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}
