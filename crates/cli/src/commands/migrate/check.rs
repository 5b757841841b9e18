//! `plimsoll migrate check ENVIRONMENT`: tells whether databases are as their migrations say.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::migrate_check::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell what databases have otherwise than their migrations say (exit code 6)
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Where
    environment: EnvironmentName,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
}

impl Check {
    /// Tells it; that something differs is an error.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database };
        let output = session.look(async |context, progress| migrate_check::run(context, input, progress).await).await?;
        Ok(Reply::new("as-migrated", &output, render::migrations::check(&output)))
    }
}
