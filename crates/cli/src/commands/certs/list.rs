//! `plimsoll certs list ENVIRONMENT`: tells which certificates its routes show.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::certs_list::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell which certificates the routes of an environment show, and for how long they are valid
#[derive(Debug, clap::Args)]
pub struct List {
    /// Where
    environment: EnvironmentName,
}

impl List {
    /// Tells it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment };
        let output = session.look(async |context, progress| certs_list::run(context, input, progress).await).await?;
        Ok(Reply::new("certificates", &output, render::certs::shown(&output)))
    }
}
