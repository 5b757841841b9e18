//! `plimsoll backup list ENVIRONMENT`: tells which backups there are.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::backup_list::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell which backups there are, and which of them count
#[derive(Debug, clap::Args)]
pub struct List {
    /// Where
    environment: EnvironmentName,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
}

impl List {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database };
        let output = session.look(async |context, progress| backup_list::run(context, input, progress).await).await?;
        Ok(Reply::new("backups", &output, render::backups::list(&output.key, &output.backups)))
    }
}
