//! `plimsoll plan ENVIRONMENT`: shows what `deploy` would do.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::plan::{self, Input};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::render;
use crate::render::plan::Depth;
use crate::session::Session;
use crate::source::Source;

/// Show what a deployment would do
#[derive(Debug, clap::Args)]
pub struct Plan {
    /// Where to
    environment: EnvironmentName,
    #[command(flatten)]
    source: Source,
}

impl Plan {
    /// Shows it, step by step.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let environment = self.environment.clone();
        let input = Input { environment: self.environment, source: self.source.into() };
        let work = async |context: &Context, _: &dyn Approve, progress: &Progress| plan::run(context, input, progress).await;
        let output = session.undertake("plan", (false, None), work).await?;
        let text = render::plan::plan(&output.plan, Depth::Steps) + &render::secrets::sources(&output.secrets);
        if output.plan.empty {
            return Ok(Reply::new("unchanged", &output, text));
        }
        let next = format!("plimsoll deploy {environment} --plan {}", output.plan.hash);
        Ok(Reply::new("planned", &output, text).with_next(next))
    }
}
