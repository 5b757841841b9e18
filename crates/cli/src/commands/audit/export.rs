//! `plimsoll audit export`: writes the audit log as JSON lines.

use plimsoll_model::HostName;
use plimsoll_ops::OpError;
use plimsoll_ops::audit_export::{self, Input};

use crate::answer::Reply;
use crate::args::duration;
use crate::session::Session;

/// Write it as JSON lines, to be kept and verified elsewhere
#[derive(Debug, clap::Args)]
pub struct Export {
    /// The host, as one would write it after `ssh` [default: this machine]
    #[arg(long)]
    host: Option<HostName>,
    /// Only what is of so long ago at most, such as 7d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    since: Option<u64>,
}

impl Export {
    /// Writes it. With `--json`, the same rows come in one document, which `audit verify` does not read.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { host: self.host, since_ms: self.since };
        let output = session.look(async |context, progress| audit_export::run(context, input, progress).await).await?;
        Ok(Reply::new("audit-exported", &output, output.lines()))
    }
}
