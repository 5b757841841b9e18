//! `plimsoll migrate new ENVIRONMENT NAME`: begins a migration.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::OpError;
use plimsoll_ops::migrate_new::{self, Input};

use crate::answer::Reply;
use crate::session::Session;

/// Begin a migration: write its two files, with the next number
#[derive(Debug, clap::Args)]
pub struct New {
    /// For where
    environment: EnvironmentName,
    /// What it does, in a few words
    name: String,
    /// Only this database
    #[arg(long, value_name = "NAME")]
    database: Option<ComponentName>,
}

impl New {
    /// Writes the files, and tells where.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, database: self.database, name: self.name };
        let output = session.look(async |context, progress| migrate_new::run(context, input, progress).await).await?;
        let text = format!("wrote {}\nwrote {}\n", output.up, output.down);
        Ok(Reply::new("written", &output, text))
    }
}
