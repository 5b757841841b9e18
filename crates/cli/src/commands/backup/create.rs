//! `plimsoll backup create ENVIRONMENT`: takes backups that count.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::backup_create::{self, Input};
use plimsoll_ops::{Context, OpError, Progress, call_name};

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
    /// A name for this call: called so again, it answers what the first one took and takes nothing
    #[arg(long = "idempotency-key", value_name = "KEY", value_parser = call_name)]
    key: Option<String>,
}

impl Create {
    /// Does it, and tells what came of it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database };
        let take = async |context: &Context, progress: &Progress| {
            let context = Context { idempotency_key: self.key, ..context.clone() };
            backup_create::run(&context, input, progress).await
        };
        let output = session.look(take).await?;
        Ok(Reply::new("backed-up", &output, render::backups::list(&output.key, &output.backups)))
    }
}
