//! `plimsoll token revoke TOKEN`: makes a token worthless.

use plimsoll_ops::OpError;
use plimsoll_ops::token_revoke::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Make a token worthless, at once
#[derive(Debug, clap::Args)]
pub struct Revoke {
    /// Its name, or its id
    token: String,
}

impl Revoke {
    /// Revokes it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { token: self.token };
        let output = session.look(async |context, progress| token_revoke::run(context, input, progress).await).await?;
        Ok(Reply::new("token-revoked", &output, render::tokens::revoked(&output)))
    }
}
