//! `plimsoll certs check ENVIRONMENT`: judges the certificates that the manifest names.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::certs_check::{self, Input};

use crate::answer::Reply;
use crate::console;
use crate::render;
use crate::session::Session;

/// Judge the certificates that the manifest names: dates, chain, private key, host names
#[derive(Debug, clap::Args)]
pub struct Check {
    /// For where
    environment: EnvironmentName,
}

impl Check {
    /// Judges them; warnings are told, mistakes are an error.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment };
        let output = session.look(async |context, progress| certs_check::run(context, input, progress).await).await?;
        if session.console.can_draw() {
            console::tell(&render::finding::excerpts(&output.findings, &session.context.project));
        } else if !session.console.serves_machine() {
            console::tell(&render::finding::lines(&output.findings));
        }
        Ok(Reply::new("valid", &output, render::certs::judged(&output)))
    }
}
