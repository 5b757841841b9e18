//! A keeper's children: its program, and whatever the program started and left behind. All that lose their parent become
//! children of the keeper, so that a keeper without children is one whose program is gone with all it ever started.
//!
//! While a program is being replaced there are several, each with a session of its own.

use std::collections::{HashMap, HashSet};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group, wait};
use tokio::signal::unix::{self, SignalKind};

use crate::procfs;
use crate::{Exit, KeeperError};

/// See the module.
pub(crate) struct Family {
    /// Comes when a child ended.
    ended: unix::Signal,
    /// The programs, each of which leads the group and session of the same number.
    programs: HashMap<Pid, Fate>,
    /// Who got a `SIGTERM` from us.
    told: HashSet<Target>,
}

/// What is known of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Runs,
    /// It ended, and no one has asked yet.
    Ended(Exit),
    /// It ended; its group may have members still.
    Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Target {
    Group(Pid),
    Process(Pid),
}

impl Family {
    /// Without children. To be made before the first is started, so that no end is missed.
    pub(crate) fn new() -> Result<Self, KeeperError> {
        let ended = unix::signal(SignalKind::child()).map_err(KeeperError::system("listen for ends of processes"))?;
        Ok(Self { ended, programs: HashMap::new(), told: HashSet::new() })
    }

    /// Takes in a program that was just started.
    pub(crate) fn welcome(&mut self, program: Pid) {
        self.programs.retain(|_, fate| *fate != Fate::Told);
        self.told.retain(|target| self.programs.keys().any(|other| *target == Target::Group(*other)));
        self.programs.insert(program, Fate::Runs);
    }

    /// Waits for the end of one of the programs. Nothing is lost when the wait is given up.
    pub(crate) async fn one_ends(&mut self) -> (Pid, Exit) {
        loop {
            self.bury_all();
            match self.take_end() {
                Some(end) => return end,
                None => self.change().await,
            }
        }
    }

    /// Which program ended, and how, when one did and no one has asked yet.
    pub(crate) fn take_end(&mut self) -> Option<(Pid, Exit)> {
        self.programs.iter_mut().find_map(|(program, fate)| match *fate {
            Fate::Ended(exit) => {
                *fate = Fate::Told;
                Some((*program, exit))
            }
            Fate::Runs | Fate::Told => None,
        })
    }

    /// Waits until a child ends. Nothing is lost when the wait is given up.
    pub(crate) async fn change(&mut self) {
        self.ended.recv().await;
    }

    /// Takes note of all children that ended; whether there is anyone left who is not of the sessions of `spared`.
    pub(crate) fn bury(&mut self, spared: &[Pid]) -> bool {
        // Who is left at all is known to the kernel for sure.
        self.bury_all() && (spared.is_empty() || !self.targets(spared).is_empty())
    }

    /// Asks all to end who are left and not of the sessions of `spared`: groups of programs, and each orphan outside of them. No
    /// one is asked twice.
    pub(crate) fn ask_to_end(&mut self, spared: &[Pid]) {
        for target in self.targets(spared) {
            if self.told.insert(target) {
                send(target, Signal::TERM);
            }
        }
    }

    /// Kills all who are left and not of the sessions of `spared`. Their own children become ours by that: repeat it until no one
    /// is left.
    pub(crate) fn kill(&mut self, spared: &[Pid]) {
        self.targets(spared).into_iter().for_each(|target| send(target, Signal::KILL));
    }

    /// Whether there are children, with those who ended taken note of.
    fn bury_all(&mut self) -> bool {
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => {
                    if let Some(fate) = self.programs.get_mut(&pid) {
                        *fate = Fate::Ended(exit(status));
                    }
                }
                Err(Errno::INTR) => {}
                Ok(None) => return true,
                // No children: the only error that is left.
                Err(_) => return false,
            }
        }
    }

    /// The numbers of living children cannot be given to others as long as we have not taken note of their end, nor can
    /// that of a group that they are in.
    fn targets(&self, spared: &[Pid]) -> HashSet<Target> {
        let own = getpid().as_raw_nonzero().get();
        let spared = |session: i32| spared.iter().any(|leader| leader.as_raw_nonzero().get() == session);
        let children = procfs::all().into_iter().filter(|process| process.parent == own && !process.is_zombie() && !spared(process.session));
        children.filter_map(|child| Some(self.target(Pid::from_raw(child.pid)?, Pid::from_raw(child.group)))).collect()
    }

    fn target(&self, child: Pid, group: Option<Pid>) -> Target {
        group.filter(|group| self.programs.contains_key(group)).map_or(Target::Process(child), Target::Group)
    }
}

/// Sends `signal` to the group that `program` leads.
pub(crate) fn signal(program: Pid, signal: Signal) {
    send(Target::Group(program), signal);
}

fn send(target: Target, signal: Signal) {
    // Who is gone by now, or has become someone we may not touch, shows in that he stays: the caller looks again.
    let _ = match target {
        Target::Group(leader) => kill_process_group(leader, signal),
        Target::Process(pid) => kill_process(pid, signal),
    };
}

fn exit(status: WaitStatus) -> Exit {
    Exit { code: status.exit_status(), signal: status.terminating_signal() }
}
