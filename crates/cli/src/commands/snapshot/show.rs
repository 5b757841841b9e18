//! `plimsoll snapshot show ENVIRONMENT`: tells all of one.

use plimsoll_model::{BackupId, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::snapshot_show::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell all that is known of a snapshot
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Where
    environment: EnvironmentName,
    /// Which one
    id: BackupId,
}

impl Show {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, id: self.id };
        let output = session.look(async |context, progress| snapshot_show::run(context, input, progress).await).await?;
        Ok(Reply::new("snapshot", &output, render::snapshots::full(&output.snapshot)))
    }
}
