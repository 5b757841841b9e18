//! `plimsoll audit list [ENVIRONMENT]`: tells what is on record, the newest first.

use plimsoll_model::{EnvironmentName, HostName};
use plimsoll_ops::OpError;
use plimsoll_ops::audit_list::{self, Input};

use crate::answer::Reply;
use crate::args::duration;
use crate::render;
use crate::session::Session;

/// Tell what is on record, the newest first
#[derive(Debug, clap::Args)]
pub struct List {
    /// Only what was done to this environment of the project
    environment: Option<EnvironmentName>,
    /// The host, as one would write it after `ssh` [default: the environment's home host, else this machine]
    #[arg(long)]
    host: Option<HostName>,
    /// Only what is of so long ago at most, such as 7d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    since: Option<u64>,
    /// So many entries at most
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,
}

impl List {
    /// Tells it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { host: self.host, environment: self.environment, since_ms: self.since, limit: self.limit };
        let output = session.look(async |context, progress| audit_list::run(context, input, progress).await).await?;
        Ok(Reply::new("audit", &output, render::audit::entries(&output.entries)))
    }
}
