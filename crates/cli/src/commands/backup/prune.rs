//! `plimsoll backup prune ENVIRONMENT`: deletes backups that nothing keeps.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::backup_prune::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Delete backups that are too old; the last verified one stays
#[derive(Debug, clap::Args)]
pub struct Prune {
    /// Where
    environment: EnvironmentName,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
    /// How many of each database stay [default: as the manifest says]
    #[arg(long, value_name = "COUNT")]
    keep: Option<u32>,
}

impl Prune {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database, keep: self.keep };
        let output = session.look(async |context, progress| backup_prune::run(context, input, progress).await).await?;
        Ok(Reply::new("pruned", &output, render::backups::list(&output.key, &output.backups)))
    }
}
