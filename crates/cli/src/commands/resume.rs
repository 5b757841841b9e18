//! `plimsoll resume ENVIRONMENT`: settles a deployment that was cut off.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::resume::{self, Input, Settled};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::session::Session;

/// Settle a deployment that was cut off
#[derive(Debug, clap::Args)]
pub struct Resume {
    /// Where
    environment: EnvironmentName,
}

impl Resume {
    /// Settles it, and tells how it ended.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let next = format!("plimsoll status {}", self.environment);
        let input = Input { environment: self.environment };
        let work = async |context: &Context, _: &dyn Approve, progress: &Progress| resume::run(context, input, progress).await;
        let output = session.undertake("resume", (false, None), work).await?;
        Ok(match &output.deployment {
            Some(settled) => Reply::new("settled", &output, text(settled)).with_next(next),
            None => Reply::new("nothing-to-settle", &output, "nothing is left undecided\n"),
        })
    }
}

fn text(settled: &Settled) -> String {
    let leftovers: String = settled.leftovers.iter().map(|leftover| format!("warning: left to do, and harmless: {leftover}\n")).collect();
    format!("deployment {} is settled: {}\n{leftovers}", settled.id, settled.outcome)
}
