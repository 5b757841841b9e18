//! The processes of a home, by what they do in it: found in `/proc`, signalled, and waited for.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_testkit::fixtures::{Home, Process};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

/// What a process does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Runs a command of the command line.
    Operator,
    /// Is the daemon.
    Daemon,
    /// Talks to a database for the daemon.
    Client,
    /// Is the proxy.
    Proxy,
    /// Keeps a program: of this slot, or the proxy (`keeper`).
    Keeper(String),
    /// Is the program of this slot, or was started by it.
    Program(String),
    /// None of these: it has no business here.
    Stray,
}

/// A process that works in a home.
#[derive(Debug, Clone)]
pub struct Member {
    /// The process.
    pub process: Process,
    /// What it does.
    pub role: Role,
}

impl Member {
    /// Sends it a signal; one that is gone does not mind.
    pub fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid(), signal);
    }

    /// Waits until it is gone.
    ///
    /// # Panics
    /// When it stays.
    pub fn gone(&self) {
        let Ok(handle) = pidfd_open(self.pid(), PidfdFlags::empty()) else { return };
        let limit = Timespec { tv_sec: 60, tv_nsec: 0 };
        // Readable once the process has ended.
        let ended = retry_on_intr(|| poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&limit)));
        assert_eq!(ended, Ok(1), "{self:?} was told to end and goes on");
    }

    fn pid(&self) -> Pid {
        i32::try_from(self.process.pid).ok().and_then(Pid::from_raw).expect("it has an id")
    }
}

/// Who works in a home.
#[derive(Debug, Clone)]
pub struct Crew {
    home: PathBuf,
    /// No other home's.
    binary: PathBuf,
}

impl Crew {
    /// Those of `home`, which has a binary of its own.
    pub fn of(home: &Home) -> Self {
        Self { home: home.path().to_owned(), binary: home.binary().to_owned() }
    }

    /// All of them, as they are now.
    pub fn members(&self) -> Vec<Member> {
        let entries = fs::read_dir("/proc").expect("there is a /proc");
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter_map(|pid| self.member(pid)).collect()
    }

    fn member(&self, pid: u32) -> Option<Member> {
        let own = PathBuf::from(format!("/proc/{pid}"));
        // Empty once it has ended, whether or not anybody has taken note.
        let words = words(&own.join("cmdline"))?;
        let command_line = words.join(" ");
        let here = |link: &str| fs::read_link(own.join(link)).is_ok_and(|path| path.starts_with(&self.home) || path == self.binary);
        let belongs = command_line.contains(&*self.home.to_string_lossy()) || here("cwd") || here("exe") || is_told(&own, &self.home);
        belongs.then(|| Member { role: role(&words, &own), process: Process { pid, command_line } })
    }
}

fn words(file: &Path) -> Option<Vec<String>> {
    let bytes = fs::read(file).ok()?;
    let words: Vec<String> = bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    (!words[0].is_empty()).then_some(words)
}

fn is_told(own: &Path, home: &Path) -> bool {
    words(&own.join("environ")).is_some_and(|words| words.contains(&format!("PLIMSOLL_HOME={}", home.display())))
}

fn role(words: &[String], own: &Path) -> Role {
    let is_ours = words[0].ends_with("plimsoll") || words[0] == "/proc/self/exe";
    match words.get(1).map(String::as_str) {
        Some("host") if is_ours && words.get(2).is_some_and(|word| word == "serve") => Role::Daemon,
        Some("host") if is_ours && words.get(2).is_some_and(|word| word == "database") => Role::Client,
        Some("proxy") if is_ours => Role::Proxy,
        Some("keeper") if is_ours => Role::Keeper(words[2].rsplit('/').next().unwrap_or_default().to_owned()),
        Some(_) if is_ours => Role::Operator,
        _ => slot_of(own).map_or(Role::Stray, Role::Program),
    }
}

/// Every program of a slot, and all that it starts, is told which slot it is.
fn slot_of(own: &Path) -> Option<String> {
    words(&own.join("environ"))?.iter().find_map(|word| word.strip_prefix("PLIMSOLL_SLOT=").map(str::to_owned))
}
