//! `plimsoll host facts [HOST]`: tells what a host is.

use plimsoll_model::HostName;
use plimsoll_ops::OpError;
use plimsoll_ops::host_facts::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell what a host is
#[derive(Debug, clap::Args)]
pub struct Facts {
    /// As one would write it after `ssh` [default: this machine]
    host: Option<HostName>,
}

impl Facts {
    /// Tells it. Starts the daemon when none runs.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { host: self.host };
        let output = session.look(async |context, progress| host_facts::run(context, input, progress).await).await?;
        Ok(Reply::new("facts", &output, render::facts::facts(&output.facts)))
    }
}
