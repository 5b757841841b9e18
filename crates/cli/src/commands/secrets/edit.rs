//! `plimsoll secrets edit ENVIRONMENT`: has all values edited.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::secrets_edit::{self, Input};

use crate::answer::Reply;
use crate::editor::Editor;
use crate::render;
use crate::session::Session;

/// Edit all secrets in your editor (VISUAL, EDITOR), in a file in memory that is gone afterwards
#[derive(Debug, clap::Args)]
pub struct Edit {
    /// Where
    environment: EnvironmentName,
}

impl Edit {
    /// Has them edited.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let (input, editor) = (Input { environment: self.environment }, Editor::find(session.console)?);
        let output = session.look(async |context, progress| secrets_edit::run(context, input, &editor, progress).await).await?;
        let code = if output.readers.is_empty() { "unchanged" } else { "secrets-edited" };
        Ok(Reply::new(code, &output, render::secrets::edited(&output)))
    }
}
