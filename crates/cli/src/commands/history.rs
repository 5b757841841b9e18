//! `plimsoll history ENVIRONMENT`: tells what was deployed.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::history::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell what was deployed, the newest first
#[derive(Debug, clap::Args)]
pub struct History {
    /// Where
    environment: EnvironmentName,
    /// So many at most
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: u32,
    /// Only the one that a rollback would return to
    #[arg(long, conflicts_with = "limit")]
    stable: bool,
}

impl History {
    /// Tells it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, limit: self.limit, stable: self.stable };
        let output = session.look(async |context, progress| history::run(context, input, progress).await).await?;
        Ok(Reply::new("history", &output, render::history::history(&output.deployments)))
    }
}
