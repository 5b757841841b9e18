//! `plimsoll backup copy ENVIRONMENT`: has backups copied.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::backup_copy::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Copy backups now that were not copied yet; hosts do so by themselves
#[derive(Debug, clap::Args)]
pub struct Copy {
    /// Where
    environment: EnvironmentName,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
}

impl Copy {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database };
        let output = session.look(async |context, progress| backup_copy::run(context, input, progress).await).await?;
        Ok(Reply::new("copied", &output, render::backups::copied(&output.key, &output.copies)))
    }
}
