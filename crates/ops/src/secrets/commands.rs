//! Values that commands of the manifest print.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use futures_util::stream::iter;
use plimsoll_build::value::{self, LIMIT_MS, ValueError};
use plimsoll_vault::judge_value;

use super::{Found, SecretSource};
use crate::project::Loaded;
use crate::{Context, Exit, OpError};

/// How many commands run at once.
const SIDE_BY_SIDE: usize = 8;

/// Runs the command for each name, side by side; all that fail are told at once.
pub(super) async fn ask(context: &Context, loaded: &Loaded, commands: BTreeMap<String, String>) -> Result<Found, OpError> {
    let ask = |(name, command): (String, String)| async move {
        let told = value::ask(&command, &context.project, &facts(loaded, &name), LIMIT_MS).await;
        (name, command, told)
    };
    let (mut found, mut failures) = (Found::new(), Vec::new());
    let mut told = iter(commands).map(ask).buffered(SIDE_BY_SIDE);
    while let Some((name, command, told)) = told.next().await {
        match told.map_err(|error| (code(&error), error.to_string())) {
            Ok(value) => match judge_value(value.expose()) {
                Ok(()) => drop(found.insert(name, (SecretSource::Command { command }, value))),
                Err(why) => failures.push(Failed { name, command, code: "secret-bad-value", why: format!("printed no good value: {why}") }),
            },
            Err((code, why)) => failures.push(Failed { name, command, code, why }),
        }
    }
    if failures.is_empty() { Ok(found) } else { Err(failed(&failures)) }
}

struct Failed {
    name: String,
    command: String,
    code: &'static str,
    why: String,
}

/// What a command finds in its environment, beside the caller's.
fn facts(loaded: &Loaded, name: &str) -> BTreeMap<String, String> {
    let key = loaded.key();
    let facts = [("PLIMSOLL_SECRET", name), ("PLIMSOLL_ENVIRONMENT", key.environment.as_str()), ("PLIMSOLL_PROJECT", key.project.as_str())];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn code(error: &ValueError) -> &'static str {
    match error {
        ValueError::End(plimsoll_build::failure::End::Limit(_)) => "secret-command-slow",
        ValueError::Io(_) | ValueError::End(_) => "secret-command-failed",
        ValueError::Empty => "secret-command-empty",
        ValueError::NotText | ValueError::TooMuch => "secret-bad-value",
    }
}

fn failed(failures: &[Failed]) -> OpError {
    let told: Vec<String> = failures.iter().map(|one| format!("the command for the secret {} {}: `{}`", one.name, one.why, one.command)).collect();
    let code = failures.first().map_or("secret-command-failed", |one| one.code);
    let help = "run it by hand in the project's folder, with the name in PLIMSOLL_SECRET: its output is not shown here, as it may hold secrets";
    OpError::new(Exit::Failed, code, told.join("; ")).with_help(help)
}
