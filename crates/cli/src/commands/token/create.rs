//! `plimsoll token create NAME`: makes a token.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::token_create::{self, Input};
use plimsoll_ops::{OpError, Scope};

use crate::answer::Reply;
use crate::args;
use crate::render;
use crate::session::Session;

/// Make a token, which is shown this once
#[derive(Debug, clap::Args)]
pub struct Create {
    /// What it is called, in lists and on record
    name: String,
    /// How long it is taken; a year at most
    #[arg(long = "expires", value_name = "TIME", default_value = "30d", value_parser = args::duration)]
    expires_in_ms: u64,
    /// Let nothing be changed with it
    #[arg(long)]
    read_only: bool,
    /// Let it reach only this environment, and others named the same way
    #[arg(long = "allow-env", value_name = "ENVIRONMENT")]
    environments: Vec<EnvironmentName>,
}

impl Create {
    /// Makes it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let scope = Scope { read_only: self.read_only, environments: self.environments.into_iter().collect() };
        let input = Input { name: self.name, scope, expires_in_ms: self.expires_in_ms };
        let output = session.look(async |context, progress| token_create::run(context, input, progress).await).await?;
        Ok(Reply::new("token-created", &output, render::tokens::created(&output)).with_next("plimsoll mcp --http 127.0.0.1:8443"))
    }
}
