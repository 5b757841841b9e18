//! A keeper's children: its program, and whatever the program started and left behind. All that lose their parent become
//! children of the keeper, so that a keeper without children is one whose program is gone with all it ever started.

use std::collections::BTreeSet;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group, wait};
use tokio::signal::unix::{self, SignalKind};

use crate::procfs;
use crate::{Exit, KeeperError};

/// See the module.
pub(crate) struct Family {
    /// Comes when a child ended.
    ended: unix::Signal,
    /// The program, which leads the group of the same number.
    program: Option<Pid>,
    /// How the program ended, until someone asks.
    exit: Option<Exit>,
    /// Who got a `SIGTERM` from us since the program was started.
    told: BTreeSet<Target>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Group,
    Process(i32),
}

impl Family {
    /// Without children. To be made before the first is started, so that no end is missed.
    pub(crate) fn new() -> Result<Self, KeeperError> {
        let ended = unix::signal(SignalKind::child()).map_err(KeeperError::system("listen for ends of processes"))?;
        Ok(Self { ended, program: None, exit: None, told: BTreeSet::new() })
    }

    /// Takes in the program that was just started.
    pub(crate) fn welcome(&mut self, program: Pid) {
        self.program = Some(program);
        self.exit = None;
        self.told.clear();
    }

    /// Waits for the program's end. Nothing is lost when the wait is given up.
    pub(crate) async fn program_ends(&mut self) -> Exit {
        loop {
            self.bury();
            match self.exit.take() {
                Some(exit) => return exit,
                None => self.change().await,
            }
        }
    }

    /// How the program ended, when it did and no one has asked yet.
    pub(crate) fn take_exit(&mut self) -> Option<Exit> {
        self.exit.take()
    }

    /// Waits until a child ends. Nothing is lost when the wait is given up.
    pub(crate) async fn change(&mut self) {
        self.ended.recv().await;
    }

    /// Takes note of all children that ended; whether some are left.
    pub(crate) fn bury(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if Some(pid) == self.program => self.exit = Some(exit(status)),
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return true,
                // No children: the only error that is left.
                Err(_) => return false,
            }
        }
    }

    /// Asks all who are left to end: the program's group, and each orphan outside of it. No one is asked twice.
    pub(crate) fn ask_to_end(&mut self) {
        for target in self.targets() {
            if self.told.insert(target) {
                self.send(target, Signal::TERM);
            }
        }
    }

    /// Kills all who are left. Their own children become ours by that: repeat it until no one is left.
    pub(crate) fn kill(&mut self) {
        for target in self.targets() {
            self.send(target, Signal::KILL);
        }
    }

    /// The numbers of living children cannot be given to others as long as we have not taken note of their end, nor can
    /// that of a group that they are in.
    fn targets(&self) -> BTreeSet<Target> {
        let own = getpid().as_raw_nonzero().get();
        let group = self.program.map_or(0, |program| program.as_raw_nonzero().get());
        let children = procfs::all().into_iter().filter(|process| process.parent == own && !process.is_zombie());
        children.map(|child| if child.group == group { Target::Group } else { Target::Process(child.pid) }).collect()
    }

    fn send(&self, target: Target, signal: Signal) {
        // Who is gone by now, or has become someone we may not touch, shows in that he stays: the caller looks again.
        let _ = match (target, self.program) {
            (Target::Group, Some(program)) => kill_process_group(program, signal),
            (Target::Process(pid), _) => Pid::from_raw(pid).map_or(Ok(()), |pid| kill_process(pid, signal)),
            (Target::Group, None) => Ok(()),
        };
    }
}

fn exit(status: WaitStatus) -> Exit {
    Exit { code: status.exit_status(), signal: status.terminating_signal() }
}
