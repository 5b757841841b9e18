//! Who is killed.

use std::fmt;

use crate::crew::{Member, Role};

/// Whoever may be killed at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    /// The process that runs the deployment.
    Operator,
    /// The daemon.
    Daemon,
    /// The process that talks to the database for the daemon.
    Client,
    /// The server of the database, with all its processes.
    Server,
    /// The proxy.
    Proxy,
    /// The program of the slot that the deployment starts.
    NewSlot,
    /// The program of the slot that serves when it begins.
    OldSlot,
}

impl Victim {
    /// Those who serve a project without a database.
    pub const ALL: [Self; 5] = [Self::Operator, Self::Daemon, Self::Proxy, Self::NewSlot, Self::OldSlot];

    /// Those who have to do with a database.
    pub const OF_DATA: [Self; 4] = [Self::Operator, Self::Daemon, Self::Client, Self::Server];

    /// Whether it is `member`, where `operator` runs the deployment and `old` is the slot that served before it.
    pub fn is(self, member: &Member, operator: u32, old: &str) -> bool {
        match self {
            Self::Operator => member.process.pid == operator,
            Self::Daemon => member.role == Role::Daemon,
            Self::Client => member.role == Role::Client,
            // It is no process of the home.
            Self::Server => false,
            Self::Proxy => member.role == Role::Proxy,
            Self::NewSlot => matches!(&member.role, Role::Program(slot) if slot != old),
            Self::OldSlot => matches!(&member.role, Role::Program(slot) if slot == old),
        }
    }
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "operator",
            Self::Daemon => "daemon",
            Self::Client => "client of the database",
            Self::Server => "server of the database",
            Self::Proxy => "proxy",
            Self::NewSlot => "new slot",
            Self::OldSlot => "old slot",
        })
    }
}
