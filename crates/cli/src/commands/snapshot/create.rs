//! `plimsoll snapshot create ENVIRONMENT`: takes one.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::snapshot_create::{self, Input};
use plimsoll_ops::{Context, OpError, Progress, call_name};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Take a snapshot: the data as it is, verified, together with what serves
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Where
    environment: EnvironmentName,
    /// A name for this call: called so again, it answers what the first one took and takes nothing
    #[arg(long = "idempotency-key", value_name = "KEY", value_parser = call_name)]
    key: Option<String>,
}

impl Create {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment };
        let take = async |context: &Context, progress: &Progress| {
            let context = Context { idempotency_key: self.key, ..context.clone() };
            snapshot_create::run(&context, input, progress).await
        };
        let output = session.look(take).await?;
        Ok(Reply::new("taken", &output, render::snapshots::list(&output.key, std::slice::from_ref(&output.snapshot))))
    }
}
