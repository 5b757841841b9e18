//! `plimsoll secrets list ENVIRONMENT`: tells which secrets there are, never their values.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::secrets_list::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell which secrets components want, and where each comes from
#[derive(Debug, clap::Args)]
pub struct List {
    /// Where
    environment: EnvironmentName,
}

impl List {
    /// Tells it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment };
        let output = session.look(async |context, progress| secrets_list::run(context, input, progress).await).await?;
        Ok(Reply::new("secrets", &output, render::secrets::list(&output)))
    }
}
