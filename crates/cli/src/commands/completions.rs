//! `plimsoll completions SHELL`: the script that completes commands in a shell.

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, ValueEnum};

use crate::args::Args;

/// Write a script that completes commands in a shell
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// A shell that can complete.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl From<Shell> for clap_complete::Shell {
    fn from(shell: Shell) -> Self {
        match shell {
            Shell::Bash => Self::Bash,
            Shell::Zsh => Self::Zsh,
            Shell::Fish => Self::Fish,
        }
    }
}

impl Completions {
    /// Writes it on standard output.
    pub fn run(self) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(clap_complete::Shell::from(self.shell), &mut Args::command(), "plimsoll", &mut script);
        // Whoever does not read any more need not be told.
        let _ = std::io::stdout().lock().write_all(&script);
        ExitCode::SUCCESS
    }
}
