//! `plimsoll token list`: tells which tokens there are, never the tokens themselves.

use plimsoll_ops::OpError;
use plimsoll_ops::token_list::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell which tokens there are
#[derive(Debug, clap::Args)]
pub struct List {}

impl List {
    /// Tells it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let output = session.look(async |context, progress| token_list::run(context, Input {}, progress).await).await?;
        Ok(Reply::new("tokens", &output, render::tokens::list(&output)))
    }
}
