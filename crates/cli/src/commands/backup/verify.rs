//! `plimsoll backup verify ENVIRONMENT`: tells whether a backup brings back what was there.

use plimsoll_model::{BackupId, ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::backup_verify::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Restore a backup into a scratch database and compare every table
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Where
    environment: EnvironmentName,
    /// Which backup [default: the newest of each database]
    id: Option<BackupId>,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
    /// All of them
    #[arg(long, conflicts_with = "id")]
    all: bool,
}

impl Verify {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database, id: self.id, all: self.all };
        let output = session.look(async |context, progress| backup_verify::run(context, input, progress).await).await?;
        Ok(Reply::new("verified", &output, render::backups::list(&output.key, &output.backups)))
    }
}
