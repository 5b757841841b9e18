//! The arguments that every command takes, and what happens when they make no sense.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{Error, ErrorKind};
use clap::{CommandFactory, Parser};
use plimsoll_ops::Answer;
use serde_json::json;

use crate::commands::Command;
use crate::console::{Console, Manner};

/// Deploys applications made of several components as a transaction: either all of it is live and verified, or everything is
/// as it was.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, arg_required_else_help = true, subcommand_required = true, disable_help_subcommand = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What every command takes.
    #[command(flatten)]
    pub globals: Globals,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
pub struct Globals {
    /// The project's folder [default: the current one]
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub project: Option<PathBuf>,
    /// A private key that opens files of secrets: of SSH, or of age [default: PLIMSOLL_IDENTITY, else those in ~/.ssh]
    #[arg(long, value_name = "FILE", global = true)]
    pub identity: Option<PathBuf>,
    /// How to talk.
    #[command(flatten)]
    pub manner: Manner,
}

/// The commands with commands of their own that all name an environment first or last.
const GROUPS: &[&str] = &["backup", "migrate", "snapshot"];

/// The arguments of this process; or how it ends, when they ask for nothing more or make no sense.
pub fn parse() -> Result<Args, ExitCode> {
    Args::try_parse_from(in_order(std::env::args_os().collect())).map_err(|error| {
        if error.use_stderr() && document_wanted() {
            Console::machine().answer(&unusable(&error));
        } else {
            // Whoever does not read any more need not be told.
            let _ = error.print();
        }
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

/// `backup production list` says the same as `backup list production`, as long as no command is called like the environment.
fn in_order(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let Some(at) = arguments.iter().position(|argument| GROUPS.iter().any(|group| argument == group)) else { return arguments };
    let root = Args::command();
    let group = root.find_subcommand(&arguments[at]);
    let is_command = |argument: &OsString| group.is_some_and(|group| group.find_subcommand(argument).is_some());
    let words = (at + 1..arguments.len()).filter(|place| !arguments[*place].to_string_lossy().starts_with('-'));
    let words: Vec<usize> = words.take(2).collect();
    if let [first, second] = words[..]
        && !is_command(&arguments[first])
        && is_command(&arguments[second])
    {
        arguments.swap(first, second);
    }
    arguments
}

/// Reads a duration, into milliseconds.
///
/// # Errors
/// It is none: in words.
pub fn duration(text: &str) -> Result<u64, &'static str> {
    plimsoll_model::manifest::millis(text).ok_or("a duration is a whole number and one of ms, s, m, h, d, such as 7d")
}

/// Whether a program listens to this process and wants a JSON document, however it ends.
pub fn document_wanted() -> bool {
    wants_document(std::env::args_os())
}

/// Whether the arguments ask for a JSON document, as far as one can tell when they make no sense.
fn wants_document(arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.take_while(|argument| argument != "--").any(|argument| argument == "--json" || argument == "--events")
}

fn unusable(error: &Error) -> Answer {
    let text = error.render().to_string();
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => "no command was given",
        _ => text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: "),
    };
    let usage = text.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    let help = usage.map_or_else(|| "plimsoll --help tells what there is".to_owned(), |usage| format!("usage: {usage}"));
    Answer { success: false, code: "usage".into(), details: json!({ "message": message }), help: Some(help) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_operation_has_a_command() {
        for operation in plimsoll_ops::OPERATIONS {
            let whole = Args::command();
            let found = operation.split('_').try_fold(&whole, |command, name| command.find_subcommand(name));
            assert!(found.is_some(), "{operation}");
        }
    }

    #[test]
    fn a_document_is_wanted_where_an_option_says_so() {
        let check = |line: &str, expect: bool| assert_eq!(wants_document(line.split(' ').map(OsString::from)), expect, "{line}");
        check("plimsoll deploy --jsn", false);
        check("plimsoll deploy --json", true);
        check("plimsoll --events deploy --nonsense", true);
        check("plimsoll logs -- --json", false);
    }

    #[test]
    fn an_environment_may_come_before_what_is_done_with_its_backups() {
        let check = |line: &str, expect: &str| {
            let ordered = in_order(line.split(' ').map(OsString::from).collect());
            assert_eq!(ordered.join(&OsString::from(" ")), expect, "{line}");
        };
        check("plimsoll backup production list --json", "plimsoll backup list production --json");
        check("plimsoll backup production --json list", "plimsoll backup list --json production");
        check("plimsoll --json backup list production", "plimsoll --json backup list production");
        check("plimsoll backup create list", "plimsoll backup create list");
        check("plimsoll backup production", "plimsoll backup production");
        check("plimsoll deploy backup", "plimsoll deploy backup");
    }

    #[test]
    fn usage_errors_say_what_is_wrong_and_how_it_goes() {
        let check = |line: &str, message: &str, help: &str| {
            let error = Args::try_parse_from(line.split(' ')).unwrap_err();
            let answer = unusable(&error);
            assert_eq!((answer.details["message"].as_str(), answer.help.as_deref()), (Some(message), Some(help)), "{line}");
        };
        check("plimsoll", "no command was given", "usage: plimsoll [OPTIONS] <COMMAND>");
        check("plimsoll deploy --nonsense", "unexpected argument '--nonsense' found", "usage: plimsoll deploy [OPTIONS] <ENVIRONMENT>");
    }
}
