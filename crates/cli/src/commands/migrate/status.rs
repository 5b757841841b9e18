//! `plimsoll migrate status ENVIRONMENT`: tells which migrations databases have.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::migrate_status::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell which migrations databases have, and which the source has
#[derive(Debug, clap::Args)]
pub struct Status {
    /// Where
    environment: EnvironmentName,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
}

impl Status {
    /// Tells it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database };
        let output = session.look(async |context, progress| migrate_status::run(context, input, progress).await).await?;
        let pending = output.pending();
        let reply = Reply::new(if pending { "pending" } else { "up-to-date" }, &output, render::migrations::status(&output));
        Ok(if pending { reply.with_next(format!("plimsoll plan {}", output.key.environment)) } else { reply })
    }
}
