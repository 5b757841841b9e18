//! `plimsoll snapshot list ENVIRONMENT`: tells which there are.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::snapshot_list::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell which snapshots there are
#[derive(Debug, clap::Args)]
pub struct List {
    /// Where
    environment: EnvironmentName,
}

impl List {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment };
        let output = session.look(async |context, progress| snapshot_list::run(context, input, progress).await).await?;
        Ok(Reply::new("snapshots", &output, render::snapshots::list(&output.key, &output.snapshots)))
    }
}
