//! `plimsoll audit verify`: judges whether the audit log is whole. Exit code 6 when it is not.

use std::path::PathBuf;

use plimsoll_model::HostName;
use plimsoll_model::audit::Mark;
use plimsoll_ops::OpError;
use plimsoll_ops::audit_verify::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Judge whether it is whole: no row changed, deleted, inserted or moved
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The host, as one would write it after `ssh` [default: this machine]
    #[arg(long)]
    host: Option<HostName>,
    /// Judge a file that was exported, in place of the log here
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The last row that was told before: it must be there still
    #[arg(long, value_name = "NUMBER:HASH")]
    head: Option<Mark>,
}

impl Verify {
    /// Judges it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { host: self.host, file: self.file, head: self.head };
        let output = session.look(async |context, progress| audit_verify::run(context, input, progress).await).await?;
        Ok(Reply::new("audit-whole", &output, render::audit::whole(&output)))
    }
}
