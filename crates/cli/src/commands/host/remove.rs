//! `plimsoll host remove HOST`: undoes what `host provision` did.

use plimsoll_model::HostName;
use plimsoll_ops::OpError;
use plimsoll_ops::host_remove::{self, Input};

use crate::answer::Reply;
use crate::consent;
use crate::session::Session;

/// Make a server what it was before it was provisioned: whatever serves there ends
#[derive(Debug, clap::Args)]
pub struct Remove {
    /// As one would write it after `ssh`: the login that looks after it
    host: HostName,
    /// Do it without being asked
    #[arg(long, short)]
    yes: bool,
}

impl Remove {
    /// Undoes it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let question = format!("End whatever Plimsoll serves on {}, and undo what was set up there?", self.host);
        let agreed = self.yes || (session.console.can_ask() && consent::ask(&question).await);
        let input = Input { host: self.host, agreed };
        let output = session.look(async |context, progress| host_remove::run(context, input, progress).await).await?;
        let text = format!("{} is as it was; data of programs stays in /var/lib/private\n", output.host);
        Ok(Reply::new("removed", &output, text))
    }
}
