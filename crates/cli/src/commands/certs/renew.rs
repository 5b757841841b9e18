//! `plimsoll certs renew ENVIRONMENT`: has authorities issue new certificates.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::certs_renew::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Have authorities issue new certificates for those that are due; the host does so by itself when nobody asks
#[derive(Debug, clap::Args)]
pub struct Renew {
    /// Where
    environment: EnvironmentName,
    /// Those as well that are not due
    #[arg(long)]
    force: bool,
}

impl Renew {
    /// Renews them, and tells how it stands with each.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, force: self.force };
        let output = session.look(async |context, progress| certs_renew::run(context, input, progress).await).await?;
        Ok(Reply::new("renewed", &output, render::certs::renewed(&output)))
    }
}
