//! `plimsoll schema [OPERATION]`: what a manifest may say, or an operation answers, for programs and for people.

use plimsoll_ops::OpError;
use plimsoll_ops::schema::{self, Input};

use crate::answer::Reply;
use crate::session::Session;

/// Print the JSON Schema of the manifest, or of the answers of a command
#[derive(Debug, clap::Args)]
pub struct Schema {
    /// The command, such as `deploy` or `backup list`
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Print a page that lists every key of the manifest instead
    #[arg(long, conflicts_with = "command")]
    reference: bool,
}

impl Schema {
    /// Prints it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let operation = (!self.command.is_empty()).then(|| self.command.join("_"));
        let output = session.look(async |context, progress| schema::run(context, Input { operation }, progress).await).await?;
        if let (true, Some(reference)) = (self.reference, output.reference.clone()) {
            return Ok(Reply::new("schema", &output, reference));
        }
        let text = serde_json::to_string_pretty(&output.schema).expect("what came from JSON goes back into it");
        Ok(Reply::new("schema", &output, text))
    }
}
