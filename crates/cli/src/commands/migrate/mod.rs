//! `plimsoll migrate …`: the migrations of an environment's databases, when nothing else is to be deployed.

mod check;
mod down;
mod new;
mod redo;
mod status;
mod up;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// What to do with migrations.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell which migrations databases have, and which the source has
    Status(status::Status),
    /// Tell what databases have otherwise than their migrations say (exit code 6)
    Check(check::Check),
    /// Apply the migrations that databases do not have yet, and change nothing else
    Up(up::Up),
    /// Undo the last migration, and change nothing else; the next deployment applies it again
    Down(down::Down),
    /// Undo the last migration and apply it again, as its files are now
    Redo(redo::Redo),
    /// Begin a migration: write its two files, with the next number
    New(new::New),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::Status(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Check(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Up(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Down(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Redo(command) => session::run(globals, async |session| command.answer(session).await),
            Self::New(command) => session::run(globals, async |session| command.answer(session).await),
        }
    }
}
