//! `plimsoll migrate down ENVIRONMENT`: undoes migrations.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::migrate_down::{self, Input};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::mandate::Mandate;
use crate::session::Session;

/// Undo the last migration, and change nothing else; the next deployment applies it again
#[derive(Debug, clap::Args)]
pub struct Down {
    /// Where
    environment: EnvironmentName,
    /// How many are undone
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
    #[command(flatten)]
    mandate: Mandate,
}

impl Down {
    /// Migrates, and tells how that ended.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, count, database, mandate: Mandate { yes, plan, reason, key } } = self;
        let input = Input { environment, database, count, expect_plan: plan, reason };
        let work = async |context: &Context, approve: &dyn Approve, progress: &Progress| migrate_down::run(context, input, approve, progress).await;
        let output = session.undertake("migrate", (yes, key), work).await?;
        Ok(Reply::of_deployment("migrated", &output.deployment, &output))
    }
}
