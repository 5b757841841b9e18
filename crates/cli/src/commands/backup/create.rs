//! `plimsoll backup create ENVIRONMENT`: takes backups that count.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::backup_create::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Take a backup of each database, verify it, and delete those that are too old
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Where
    environment: EnvironmentName,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
}

impl Create {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database };
        let output = session.look(async |context, progress| backup_create::run(context, input, progress).await).await?;
        Ok(Reply::new("backed-up", &output, render::backups::list(&output.key, &output.backups)))
    }
}
