//! `plimsoll secrets rekey ENVIRONMENT`: encrypts secrets to those whom the manifest names now.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::secrets_rekey::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Encrypt secrets anew to those whom the manifest names
#[derive(Debug, clap::Args)]
pub struct Rekey {
    /// Where
    environment: EnvironmentName,
}

impl Rekey {
    /// Encrypts them, and tells who can read them.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment };
        let output = session.look(async |context, progress| secrets_rekey::run(context, input, progress).await).await?;
        Ok(Reply::new("rekeyed", &output, render::secrets::rekeyed(&output)))
    }
}
