//! `plimsoll host keys …`: the keys that open a host.

mod rotate;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// What to do with the keys of a host.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Put a new key in the place of the one that opens it
    Rotate(rotate::Rotate),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::Rotate(command) => session::run(globals, async |session| command.answer(session).await),
        }
    }
}
