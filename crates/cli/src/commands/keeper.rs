//! `plimsoll keeper FOLDER`: the process that keeps one program alive. Started by the daemon, not by people.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::console;

/// Keep the program of a folder alive
#[derive(Debug, clap::Args)]
pub struct Keeper {
    /// The folder that says what to run
    folder: PathBuf,
}

impl Keeper {
    /// Is the keeper, until its program is to end.
    pub fn run(self) -> ExitCode {
        match plimsoll_keeper::run(&self.folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                console::tell(&format!("error: {error}"));
                ExitCode::FAILURE
            }
        }
    }
}
