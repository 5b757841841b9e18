//! `plimsoll backup …`: the data of an environment's databases, kept for the day when it is needed.

mod copies;
mod copy;
mod create;
mod fetch;
mod list;
mod prune;
mod restore;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// What to do with backups.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take a backup of each database, verify it, and delete those that are too old
    Create(create::Create),
    /// Tell which backups there are, and which of them count
    List(list::List),
    /// Tell which copies of backups lie in the place where they are copied to
    Copies(copies::Copies),
    /// Copy backups now that were not copied yet; hosts do so by themselves
    Copy(copy::Copy),
    /// Bring a copy of a backup back to its host
    Fetch(fetch::Fetch),
    /// Restore a backup into a scratch database and compare every table
    Verify(verify::Verify),
    /// Put the data of a backup in the place of what the databases have. That is backed up first
    Restore(restore::Restore),
    /// Delete backups that are too old; the last verified one stays
    Prune(prune::Prune),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::Create(command) => session::run(globals, async |session| command.answer(session).await),
            Self::List(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Copies(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Copy(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Fetch(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Verify(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Restore(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Prune(command) => session::run(globals, async |session| command.answer(session).await),
        }
    }
}
