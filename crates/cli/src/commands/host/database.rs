//! `plimsoll host database`: talks to a database for the daemon, which starts it. Not for people.

use std::io::{BufReader, Write};
use std::process::ExitCode;

use plimsoll_host::database::carry_out;

/// Do what standard input asks of a database, and answer on standard output
#[derive(Debug, clap::Args)]
pub struct Database {}

impl Database {
    /// Does one thing.
    pub fn run(self) -> ExitCode {
        match std::io::stdout().write_all(&carry_out(BufReader::new(std::io::stdin()))) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }
}
