//! `plimsoll migrate up ENVIRONMENT`: applies migrations.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::migrate_up::{self, Input};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::mandate::Mandate;
use crate::session::Session;

/// Apply the migrations that databases do not have yet, and change nothing else
#[derive(Debug, clap::Args)]
pub struct Up {
    /// Where
    environment: EnvironmentName,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
    #[command(flatten)]
    mandate: Mandate,
}

impl Up {
    /// Migrates, and tells how that ended.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, database, mandate: Mandate { yes, plan, reason, key } } = self;
        let input = Input { environment, database, expect_plan: plan, reason };
        let work = async |context: &Context, approve: &dyn Approve, progress: &Progress| migrate_up::run(context, input, approve, progress).await;
        let output = session.undertake("migrate", (yes, key), work).await?;
        Ok(Reply::of_deployment("migrated", &output.deployment, &output))
    }
}
