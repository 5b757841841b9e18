//! `plimsoll audit …`: who did what, when, from where, why, and how it ended.

mod export;
mod list;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// What to do with the audit log of this machine's own host.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell what is on record, the newest first
    List(list::List),
    /// Judge whether it is whole: no row changed, deleted, inserted or moved
    Verify(verify::Verify),
    /// Write it as JSON lines, to be kept and verified elsewhere
    Export(export::Export),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::List(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Verify(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Export(command) => session::run(globals, async |session| command.answer(session).await),
        }
    }
}
