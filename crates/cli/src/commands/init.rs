//! `plimsoll init`: writes a first draft of the manifest, and offers to tell agents of it.

use plimsoll_ops::OpError;
use plimsoll_ops::init::{self, Input, Output, lacks_agents_md};

use crate::answer::Reply;
use crate::consent;
use crate::session::Session;

/// Write a manifest for a project that has none
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Add to AGENTS.md how agents work with the project, without being asked; also where there is a manifest
    #[arg(long)]
    agents_md: bool,
}

impl Init {
    /// Writes it, and shows it. Without a terminal nobody is asked, and AGENTS.md is left alone.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let run = async |agents_md| session.look(async |context, progress| init::run(context, Input { agents_md }, progress).await).await;
        let mut output = run(self.agents_md).await?;
        let is_missing = lacks_agents_md(&session.context);
        if is_missing && session.console.can_ask() && consent::ask("Add to AGENTS.md how agents work with this project?").await {
            output.agents_md = run(true).await?.agents_md;
        }
        let hint =
            if output.agents_md.is_none() && is_missing { "; plimsoll init --agents-md adds to AGENTS.md how agents work with it" } else { "" };
        Ok(Reply::new("written", &output, text(&output)).with_next(format!("plimsoll check{hint}")))
    }
}

fn text(output: &Output) -> String {
    let notes: String = output.notes.iter().map(|note| format!("note: {note}\n")).collect();
    let draft = if output.is_new { format!("{}\n{notes}wrote {}\n", output.text.trim_end(), output.path.display()) } else { String::new() };
    let agents = output.agents_md.as_ref().map(|path| format!("wrote {}\n", path.display())).unwrap_or_default();
    draft + &agents
}
