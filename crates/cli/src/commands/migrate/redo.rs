//! `plimsoll migrate redo ENVIRONMENT`: undoes the last migration and applies it again.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::migrate_redo::{self, Input};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::session::Session;

/// Undo the last migration and apply it again, as its files are now
#[derive(Debug, clap::Args)]
pub struct Redo {
    /// Where
    environment: EnvironmentName,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
    /// Say yes to both plans beforehand
    #[arg(long, short)]
    yes: bool,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Redo {
    /// Does both, and tells how that ended.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, database, yes, reason } = self;
        let input = Input { environment, database, reason };
        let work = async |context: &Context, approve: &dyn Approve, progress: &Progress| migrate_redo::run(context, input, approve, progress).await;
        let output = session.undertake("migrate", (yes, None), work).await?;
        Ok(Reply::of_deployment("migrated", &output.deployment, &output))
    }
}
