//! What a keeper tells about its program.

use jiff::Timestamp;
use plimsoll_model::slot::Condition;
use rustix::process::Pid;
use serde::{Deserialize, Serialize};

/// How a program is, as its keeper sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptState {
    /// Process id of the program, while there is one. It leads a process group of the same number.
    pub pid: Option<u32>,
    /// What it is doing.
    pub condition: Condition,
    /// How often it was started again after it had ended by itself.
    pub restarts: u32,
    /// How it ended last.
    pub last_exit: Option<Exit>,
    /// When it was last started, in milliseconds since 1970.
    pub started_at_ms: Option<u64>,
    /// Whether it said `READY=1` since it was last started; only programs with held sockets can.
    #[serde(default)]
    pub ready: bool,
    /// The last replacement of the program that was asked for since the keeper started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
}

impl KeptState {
    /// Notes that the program was just started as `pid`.
    pub(crate) fn now_runs(&mut self, pid: Pid) {
        self.pid = u32::try_from(pid.as_raw_nonzero().get()).ok();
        self.started_at_ms = u64::try_from(Timestamp::now().as_millisecond()).ok();
        self.condition = Condition::Running;
    }
}

/// A replacement of the program, on its way or over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// Names it.
    pub id: String,
    /// Whether it is over, one way or the other.
    pub over: bool,
    /// Why the program is not replaced: the one before runs, or is started again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl KeptState {
    /// The state of a program that nothing is known of but that it does not run.
    pub(crate) const NONE: Self =
        Self { pid: None, condition: Condition::Stopped, restarts: 0, last_exit: None, started_at_ms: None, ready: false, replacement: None };
}

/// How a program ended: one of the two is there. Both are absent when no one was there to see it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Its exit code. A program that could not be started counts as 127 (there is none) or 126 (any other reason), as in a shell.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(signal)) => write!(f, "signal {signal}"),
            (None, None) => f.write_str("unseen"),
        }
    }
}
