//! The commands, one file each: the path of a command is the path of its file.

mod completions;
mod host;
mod keeper;
mod proxy;

use std::process::ExitCode;

use clap::Subcommand;

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The host of this machine
    #[command(subcommand)]
    Host(host::Command),
    /// Write a script that completes commands in a shell
    Completions(completions::Completions),
    #[command(hide = true)]
    Keeper(keeper::Keeper),
    #[command(hide = true)]
    Proxy(proxy::Proxy),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self) -> ExitCode {
        match self {
            Self::Host(command) => command.run(),
            Self::Completions(command) => command.run(),
            Self::Keeper(role) => role.run(),
            Self::Proxy(role) => role.run(),
        }
    }
}
