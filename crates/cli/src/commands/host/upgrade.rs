//! `plimsoll host upgrade [HOST]`: brings daemon and proxy of a host to the version of the running binary.

use plimsoll_model::HostName;
use plimsoll_ops::OpError;
use plimsoll_ops::host_upgrade::{self, Input, Output};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Bring daemon and proxy to this version: slots go on, and no request is lost
#[derive(Debug, clap::Args)]
pub struct Upgrade {
    /// As one would write it after `ssh` [default: this machine]
    host: Option<HostName>,
}

impl Upgrade {
    /// Replaces what is of another build.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { host: self.host };
        let output = session.look(async |context, progress| host_upgrade::run(context, input, progress).await).await?;
        Ok(Reply::new(code(&output), &output, render::upgrade::upgrade(&output)))
    }
}

fn code(output: &Output) -> &'static str {
    match output {
        Output { serves: None, .. } => "no-host",
        Output { daemon: None, proxy: None, .. } => "up-to-date",
        _ => "upgraded",
    }
}
