//! `plimsoll backup fetch ENVIRONMENT`: brings back a copy.

use plimsoll_model::{BackupId, ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::backup_fetch::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Bring a copy of a backup back to its host
#[derive(Debug, clap::Args)]
pub struct Fetch {
    /// Where
    environment: EnvironmentName,
    /// Which backup
    id: BackupId,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
}

impl Fetch {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, id: self.id, database: self.database };
        let output = session.look(async |context, progress| backup_fetch::run(context, input, progress).await).await?;
        Ok(Reply::new("fetched", &output, render::backups::list(&output.key, &output.backups)))
    }
}
