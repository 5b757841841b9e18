//! `plimsoll show ENVIRONMENT DEPLOYMENT`: tells all that is on record of a deployment.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::show::{self, Input};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;

/// Tell all that is on record of a deployment
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Where
    environment: EnvironmentName,
    /// The deployment's name, or as much of its beginning or end as tells it from others
    deployment: String,
    /// The log of its run, as whoever ran it saw it
    #[arg(long)]
    log: bool,
}

impl Show {
    /// Tells it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment, id: self.deployment, log: self.log };
        let output = session.look(async |context, progress| show::run(context, input, progress).await).await?;
        let text = match (&output.log, self.log) {
            (Some(log), _) => anstream::adapter::strip_str(log).to_string(),
            (None, true) => "no log of this run is kept\n".into(),
            (None, false) => render::history::full(&output.deployment),
        };
        Ok(Reply::new("deployment", &output, text))
    }
}
