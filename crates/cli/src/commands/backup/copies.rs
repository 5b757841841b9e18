//! `plimsoll backup copies ENVIRONMENT`: tells which copies there are.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::backup_copies::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell which copies of backups lie in the place where they are copied to
#[derive(Debug, clap::Args)]
pub struct Copies {
    /// Where
    environment: EnvironmentName,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
}

impl Copies {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database };
        let output = session.look(async |context, progress| backup_copies::run(context, input, progress).await).await?;
        Ok(Reply::new("copies", &output, render::backups::copies(&output.key, &output.copies)))
    }
}
