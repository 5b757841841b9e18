//! `plimsoll schema`: what a manifest may say, for programs and for people.

use plimsoll_ops::OpError;
use plimsoll_ops::schema::{self, Input};

use crate::answer::Reply;
use crate::session::Session;

/// Print the JSON Schema of the manifest
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// Print a page that lists every key instead
    #[arg(long)]
    reference: bool,
}

impl Schema {
    /// Prints it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let output = session.look(async |context, progress| schema::run(context, Input {}, progress).await).await?;
        if self.reference {
            let text = output.reference.clone();
            return Ok(Reply::new("schema", &output, text));
        }
        let text = serde_json::to_string_pretty(&output.schema).expect("what came from JSON goes back into it");
        Ok(Reply::new("schema", &output, text))
    }
}
