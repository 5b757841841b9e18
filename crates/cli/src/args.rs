//! The arguments that every command takes, and what happens when they make no sense.

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;

/// Deploys applications made of several components as a transaction: either all of it is live and verified, or everything is
/// as it was.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, arg_required_else_help = true, subcommand_required = true, disable_help_subcommand = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The arguments of this process; or how it ends, when they ask for nothing more or make no sense.
pub fn parse() -> Result<Args, ExitCode> {
    Args::try_parse().map_err(|error| {
        // Whoever does not read any more need not be told.
        let _ = error.print();
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}
