//! `plimsoll host stop`: ends the host of this machine.

use plimsoll_ops::OpError;
use plimsoll_ops::host_stop::{self, Input};

use crate::answer::Reply;
use crate::session::Session;

/// End the host of this machine: the daemon, the proxy and all slots
#[derive(Debug, clap::Args)]
pub struct Stop {
    /// Only the daemon: what it has started serves on
    #[arg(long)]
    daemon_only: bool,
}

impl Stop {
    /// Ends it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { everything: !self.daemon_only };
        let output = session.look(async |context, progress| host_stop::run(context, input, progress).await).await?;
        let (code, text) = match (output.stopped, self.daemon_only) {
            (false, _) => ("not-running", "no host runs here\n"),
            (true, true) => ("stopped", "the daemon has ended; what it had started serves on\n"),
            (true, false) => ("stopped", "the host has ended: daemon, proxy and all slots\n"),
        };
        Ok(Reply::new(code, &output, text))
    }
}
