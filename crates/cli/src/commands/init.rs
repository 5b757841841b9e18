//! `plimsoll init`: writes a first draft of the manifest.

use plimsoll_ops::OpError;
use plimsoll_ops::init::{self, Input, Output};

use crate::answer::Reply;
use crate::session::Session;

/// Write a manifest for a project that has none
#[derive(Debug, clap::Args)]
pub struct Init {}

impl Init {
    /// Writes it, and shows it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let output = session.look(async |context, progress| init::run(context, Input {}, progress).await).await?;
        Ok(Reply::new("written", &output, text(&output)).with_next("plimsoll check"))
    }
}

fn text(output: &Output) -> String {
    let notes: String = output.notes.iter().map(|note| format!("note: {note}\n")).collect();
    format!("{}\n{notes}wrote {}\n", output.text.trim_end(), output.path.display())
}
