//! `plimsoll simulate ENVIRONMENT`: plays what `deploy` would do, and tells what would happen.

use plimsoll_model::EnvironmentName;
use plimsoll_model::deployment::Outcome;
use plimsoll_ops::simulate::{self, Input};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::render;
use crate::session::Session;
use crate::source::Source;

/// Play what a deployment would do, with estimated times and with failures, and change nothing
#[derive(Debug, clap::Args)]
pub struct Simulate {
    /// Where to
    environment: EnvironmentName,
    #[command(flatten)]
    source: Source,
}

impl Simulate {
    /// Tells what would happen.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let environment = self.environment.clone();
        let input = Input { environment: self.environment, source: self.source.into() };
        let work = async |context: &Context, _: &dyn Approve, progress: &Progress| simulate::run(context, input, progress).await;
        let output = session.undertake("simulate", (false, None), work).await?;
        let text = render::simulation::simulation(&output);
        if output.outcome == Outcome::Unchanged {
            return Ok(Reply::new("unchanged", &output, text));
        }
        let next = format!("plimsoll deploy {environment} --plan {}", output.plan);
        Ok(Reply::new("simulated", &output, text).with_next(next))
    }
}
