//! `plimsoll host facts`: tells what the host of this machine is.

use plimsoll_ops::OpError;
use plimsoll_ops::host_facts::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell what the host of this machine is
#[derive(Debug, clap::Args)]
pub struct Facts {}

impl Facts {
    /// Tells it. Starts the daemon when none runs.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let output = session.look(async |context, progress| host_facts::run(context, Input {}, progress).await).await?;
        Ok(Reply::new("facts", &output, render::facts::facts(&output.facts)))
    }
}
