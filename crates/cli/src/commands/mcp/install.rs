//! `plimsoll mcp install`: writes into the files of AI clients that the server is there for them.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::mcp_install::{self, Client, Input, Output, Scope};
use plimsoll_ops::{Exit, OpError};

use crate::answer::Reply;
use crate::session::Session;
use crate::{consent, console};

/// Write into the files of AI clients that this server is there for them
#[derive(Debug, clap::Args)]
pub struct Install {
    /// For whom: everyone who works with the project, or yourself
    #[arg(long, value_name = "project|user", default_value = "project")]
    scope: Scope,
    /// claude-code, claude-desktop, codex, cursor, gemini or vscode; may be given several times [default: those of which there are traces]
    #[arg(long = "client", value_name = "NAME")]
    clients: Vec<Client>,
    /// Write it without being asked
    #[arg(long, short)]
    yes: bool,
}

impl Install {
    /// Shows what would change, asks, and writes it.
    pub async fn answer(self, session: &Session, read_only: bool, environments: Vec<EnvironmentName>) -> Result<Reply, OpError> {
        let input = Input { scope: self.scope, clients: self.clients, read_only, environments, agreed: self.yes };
        let run = async |agreed| {
            let input = Input { agreed, ..input.clone() };
            session.look(async |context, progress| mcp_install::run(context, input, progress).await).await
        };
        let seen = run(self.yes).await?;
        if !seen.waits() {
            return Ok(reply(&seen));
        }
        if !session.console.serves_machine() {
            console::tell(&changes(&seen));
        }
        if !session.console.can_ask() || !consent::ask("Write it so?").await {
            return Err(unasked(&seen));
        }
        run(true).await.map(|done| reply(&done))
    }
}

fn reply(output: &Output) -> Reply {
    let line = |entry: &mcp_install::Entry| {
        let how = if entry.diff.is_some() { "written to" } else { "already in" };
        format!("{:<14} {how} {}\n", entry.client.to_string(), entry.file.display())
    };
    let code = if output.written { "installed" } else { "present" };
    let reply = Reply::new(code, output, output.entries.iter().map(line).collect::<String>());
    if output.written { reply.with_next("start the client anew, and ask it what is deployed") } else { reply }
}

fn changes(output: &Output) -> String {
    output.entries.iter().filter_map(|entry| entry.diff.clone()).collect()
}

fn unasked(seen: &Output) -> OpError {
    let files: Vec<String> = seen.entries.iter().filter(|entry| entry.diff.is_some()).map(|entry| entry.file.display().to_string()).collect();
    let message = format!("nobody has agreed that {} may be written", files.join(", "));
    let error = OpError::new(Exit::Refused, "approval-missing", message);
    OpError { details: serde_json::to_value(seen).ok(), ..error.with_help("look at the diff, then agree beforehand with --yes") }
}
