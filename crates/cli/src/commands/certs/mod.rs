//! `plimsoll certs …`: the certificates of an environment, as they are and as they should be.

mod check;
mod list;
mod renew;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell which certificates the routes of an environment show, and for how long they are valid
    List(list::List),
    /// Judge the certificates that the manifest names: dates, chain, private key, host names
    Check(check::Check),
    /// Have authorities issue new certificates for those that are due; the host does so by itself when nobody asks
    Renew(renew::Renew),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::List(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Check(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Renew(command) => session::run(globals, async |session| command.answer(session).await),
        }
    }
}
