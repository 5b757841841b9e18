//! `plimsoll backup restore ENVIRONMENT`: brings back what was there.

use plimsoll_model::{BackupId, ComponentName, EnvironmentName};
use plimsoll_ops::backup_restore::{self, Input};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Put the data of a backup in the place of what the databases have. That is backed up first
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// Where
    environment: EnvironmentName,
    /// Which backup
    id: BackupId,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
    /// Say yes beforehand to what is lost
    #[arg(long, short)]
    yes: bool,
}

impl Restore {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, id, database, yes } = self;
        let input = Input { environment, id, database };
        let work = async |context: &Context, approve: &dyn Approve, progress: &Progress| backup_restore::run(context, input, approve, progress).await;
        let output = session.undertake("restore", (yes, None), work).await?;
        let code = if output.restored.restored.is_empty() { "unchanged" } else { "restored" };
        Ok(Reply::new(code, &output, render::backups::restored(&output.key, &output.restored)))
    }
}
