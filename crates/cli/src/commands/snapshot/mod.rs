//! `plimsoll snapshot …`: the data of an environment together with what served, and the way back there.

mod create;
mod list;
mod restore;
mod show;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// What to do with snapshots.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take a snapshot: the data as it is, verified, together with what serves
    Create(create::Create),
    /// Tell which snapshots there are
    List(list::List),
    /// Tell all that is known of a snapshot
    Show(show::Show),
    /// Return to what served when a snapshot was taken, and to the data of that time. What is lost is said first
    Restore(restore::Restore),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::Create(command) => session::run(globals, async |session| command.answer(session).await),
            Self::List(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Show(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Restore(command) => session::run(globals, async |session| command.answer(session).await),
        }
    }
}
