//! `plimsoll secrets unset ENVIRONMENT NAME`: takes a secret out.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::secrets_unset::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Take a secret out
#[derive(Debug, clap::Args)]
pub struct Unset {
    /// Where
    environment: EnvironmentName,
    /// Its name
    name: String,
}

impl Unset {
    /// Takes it out.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, name: self.name };
        let output = session.look(async |context, progress| secrets_unset::run(context, input, progress).await).await?;
        Ok(Reply::new("secret-unset", &output, render::secrets::unset(&output)))
    }
}
