//! `plimsoll host …`: the host of this machine.

mod serve;

use std::process::ExitCode;

use clap::Subcommand;

/// What to do with the host of this machine.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Be the daemon of this machine, until it is told to stop
    Serve(serve::Serve),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self) -> ExitCode {
        match self {
            Self::Serve(role) => role.run(),
        }
    }
}
