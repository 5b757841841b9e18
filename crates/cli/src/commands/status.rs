//! `plimsoll status ENVIRONMENT`: tells what serves, and how it is.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::status::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell what serves, and how it is
#[derive(Debug, clap::Args)]
pub struct Status {
    /// Where
    environment: EnvironmentName,
    /// Fail (exit code 6) when something is not healthy, or a backup older than `max_age`
    #[arg(long)]
    strict: bool,
}

impl Status {
    /// Tells it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, strict: self.strict };
        let output = session.look(async |context, progress| status::run(context, input, progress).await).await?;
        let reply = Reply::new(output.code(), &output, render::status::status(&output));
        let environment = &output.key.environment;
        Ok(match &output.open {
            Some(open) if open.expired => reply.with_next(format!("plimsoll resume {environment}")),
            None if output.components.is_empty() => reply.with_next(format!("plimsoll deploy {environment}")),
            _ if !output.healthy => reply.with_next(format!("plimsoll logs {environment}")),
            _ => reply,
        })
    }
}
