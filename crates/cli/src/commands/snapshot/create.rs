//! `plimsoll snapshot create ENVIRONMENT`: takes one.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::snapshot_create::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Take a snapshot: the data as it is, verified, together with what serves
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Where
    environment: EnvironmentName,
}

impl Create {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment };
        let output = session.look(async |context, progress| snapshot_create::run(context, input, progress).await).await?;
        Ok(Reply::new("taken", &output, render::snapshots::list(&output.key, std::slice::from_ref(&output.snapshot))))
    }
}
