//! `plimsoll secrets …`: the values of secrets, kept encrypted in the project.

mod edit;
mod list;
mod rekey;
mod set;
mod unset;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// What to do with the secrets of an environment.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell which secrets components want, and where each comes from
    List(list::List),
    /// Keep the value of a secret, read from standard input or asked for
    Set(set::Set),
    /// Take a secret out
    Unset(unset::Unset),
    /// Edit all of them in your editor
    Edit(edit::Edit),
    /// Encrypt them anew to those whom the manifest names
    Rekey(rekey::Rekey),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::List(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Set(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Unset(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Edit(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Rekey(command) => session::run(globals, async |session| command.answer(session).await),
        }
    }
}
