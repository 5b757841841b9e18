//! `plimsoll down ENVIRONMENT`: takes all of an environment away.

use plimsoll_model::{EnvironmentName, PlanHash};
use plimsoll_ops::down::{self, Input};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use super::plan_hash;
use crate::answer::Reply;
use crate::session::Session;

/// Take all of an environment away: its slots, routes and releases. Its history stays
#[derive(Debug, clap::Args)]
pub struct Down {
    /// Which one
    environment: EnvironmentName,
    /// Say yes to the plan beforehand
    #[arg(long, short)]
    yes: bool,
    /// Carry out only this plan, seen before
    #[arg(long, value_name = "HASH", value_parser = plan_hash)]
    plan: Option<PlanHash>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Down {
    /// Takes it away, and tells how that ended.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, yes, plan, reason } = self;
        let input = Input { environment, expect_plan: plan, reason };
        let work = async |context: &Context, approve: &dyn Approve, progress: &Progress| down::run(context, input, approve, progress).await;
        let output = session.undertake("down", yes, work).await?;
        Ok(Reply::of_deployment("taken-down", &output.deployment, &output))
    }
}
