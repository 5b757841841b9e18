//! Writes into the files of AI clients that `plimsoll mcp` is there for them: shown first, done when somebody agrees, and nothing else in those
//! files is touched.

mod client;
mod diff;
mod json;
mod table;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::EnvironmentName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use client::{Client, Scope};

use self::client::{Format, Surroundings};
use crate::rewrite::rewrite;
use crate::{Context, Exit, OpError, Progress};

/// What the entry is called.
const NAME: &str = "plimsoll";

/// Which clients, and what they may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// For whom.
    pub scope: Scope,
    /// Which clients; those of which there are traces when there is none.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// Whether the server offers only what changes nothing.
    #[serde(default)]
    pub read_only: bool,
    /// The environments that the server allows; all when there is none.
    #[serde(default)]
    pub environments: Vec<EnvironmentName>,
    /// Whether somebody has agreed that the files are written.
    #[serde(default)]
    pub agreed: bool,
}

/// What becomes of each client's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// For whom.
    pub scope: Scope,
    /// By client.
    pub entries: Vec<Entry>,
    /// Whether the files were written.
    pub written: bool,
}

impl Output {
    /// Whether there is something to do that nobody has agreed to yet.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.written && self.entries.iter().any(|entry| entry.diff.is_some())
    }
}

/// The entry of one client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Entry {
    /// Whose it is.
    pub client: Client,
    /// The file that it stands in.
    pub file: PathBuf,
    /// What changes there, as a unified diff; none when it stands there already.
    pub diff: Option<String>,
}

/// What starts the server.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Server {
    command: String,
    args: Vec<String>,
}

/// A client's file, as it is to be.
struct Change {
    entry: Entry,
    text: String,
}

/// Judges all files; writes them when somebody has agreed. Done twice, the second time there is nothing to do.
///
/// # Errors
/// There is no such file for a client, or no client was found, or a file is not what its client could read: then none of them is written. Or one
/// cannot be written: those before it are.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let home = context.variables.get("HOME").map(|home| PathBuf::from(home.expose())).filter(|home| home.is_absolute());
    let around = Surroundings { home: home.ok_or_else(homeless)?, project: context.project.clone() };
    let clients = clients(&input, &around)?;
    let changes = clients.iter().map(|client| change(context, &input, *client, &around)).collect::<Result<Vec<_>, _>>()?;
    let missing: Vec<&Change> = changes.iter().filter(|change| change.entry.diff.is_some()).collect();
    // What is one's own may hold secrets of other servers.
    let mode = if input.scope == Scope::Project { 0o644 } else { 0o600 };
    if input.agreed {
        for change in &missing {
            rewrite(&change.entry.file, &change.text, mode).map_err(|error| unwritten(&change.entry.file, &error))?;
        }
    }
    let written = input.agreed && !missing.is_empty();
    Ok(Output { scope: input.scope, entries: changes.into_iter().map(|change| change.entry).collect(), written })
}

fn clients(input: &Input, around: &Surroundings) -> Result<Vec<Client>, OpError> {
    if !input.clients.is_empty() {
        return Ok(input.clients.clone());
    }
    let found: Vec<Client> = Client::ALL.into_iter().filter(|client| client.is_used(around) && client.file(input.scope, around).is_some()).collect();
    if found.is_empty() { Err(unfound()) } else { Ok(found) }
}

fn change(context: &Context, input: &Input, client: Client, around: &Surroundings) -> Result<Change, OpError> {
    let file = client.file(input.scope, around).ok_or_else(|| placeless(client, input.scope))?;
    let text = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| unfit(&file, &error.to_string()))?,
    };
    let server = server(context, input, client);
    let wanted = match client.format() {
        Format::Json { key, kind } => json::with(&text, key, kind, &server),
        Format::Toml => table::with(&text, &server),
    };
    let wanted = wanted.map_err(|why| unfit(&file, &why))?;
    let diff = (wanted != text).then(|| diff::unified(&file.display().to_string(), &text, &wanted));
    Ok(Change { entry: Entry { client, file, diff }, text: wanted })
}

/// What is shared names the program as it is called everywhere; what is one's own names just this one, as programs with windows know no `PATH`.
fn server(context: &Context, input: &Input, client: Client) -> Server {
    let command = match input.scope {
        Scope::Project => "plimsoll".into(),
        Scope::User => context.exe.display().to_string(),
    };
    let mut args = vec!["mcp".to_owned()];
    if let Some(folder) = client.names_folder(input.scope, &context.project) {
        args.extend(["-C".into(), folder]);
    }
    if input.read_only {
        args.push("--read-only".into());
    }
    args.extend(input.environments.iter().flat_map(|environment| ["--allow-env".into(), environment.to_string()]));
    Server { command, args }
}

fn homeless() -> OpError {
    OpError::new(Exit::Host, "no-home", "clients keep their files in the home folder, and HOME is not set").with_help("set HOME")
}

fn unfound() -> OpError {
    let names = Client::ALL.map(|client| client.to_string()).join(", ");
    OpError::new(Exit::Usage, "client-unfound", "there are no traces of a client here or in the home folder")
        .with_help(format!("name yours with --client: {names}"))
}

fn placeless(client: Client, scope: Scope) -> OpError {
    let (message, help) = match scope {
        Scope::Project => (format!("{client} has no file in a project"), "write it for yourself: --scope user"),
        Scope::User => (format!("where {client} keeps its own file is not known"), "write it for the project: --scope project"),
    };
    OpError::new(Exit::Usage, "client-scope-unfit", message).with_help(help)
}

fn unfit(file: &Path, why: &str) -> OpError {
    OpError::new(Exit::Failed, "client-file-unfit", format!("{} was left as it is: {why}", file.display()))
        .with_help("put it right by hand, then try again; docs/agents.md shows the entry")
}

fn unwritten(file: &Path, error: &io::Error) -> OpError {
    OpError::new(Exit::Failed, "client-file-unwritable", format!("{} cannot be written: {error}", file.display()))
        .with_help("see that you may write there and that the disk has space")
}

#[cfg(test)]
mod tests;
