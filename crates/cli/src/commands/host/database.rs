//! `plimsoll host database`: talks to a database for the daemon, which starts it. Not for people.

use std::io::{Read, Write};
use std::process::ExitCode;

use plimsoll_host::database::carry_out;

/// Do what standard input asks of a database, and answer on standard output
#[derive(Debug, clap::Args)]
pub struct Database {}

impl Database {
    /// Does one thing.
    pub fn run(self) -> ExitCode {
        let mut task = Vec::new();
        let read = std::io::stdin().read_to_end(&mut task);
        match read.and_then(|_| std::io::stdout().write_all(&carry_out(&task))) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }
}
