//! `plimsoll token …`: what agents show to a server that they reach over a network.

mod create;
mod list;
mod revoke;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// What to do with the tokens of a project.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a token, which is shown this once
    Create(create::Create),
    /// Tell which tokens there are
    List(list::List),
    /// Make a token worthless, at once
    Revoke(revoke::Revoke),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::Create(command) => session::run(globals, async |session| command.answer(session).await),
            Self::List(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Revoke(command) => session::run(globals, async |session| command.answer(session).await),
        }
    }
}
