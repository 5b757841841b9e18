//! `plimsoll down ENVIRONMENT`: takes all of an environment away.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::down::{self, Input};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::mandate::Mandate;
use crate::session::Session;

/// Take all of an environment away: its slots, routes and releases. Its history stays
#[derive(Debug, clap::Args)]
pub struct Down {
    /// Which one
    environment: EnvironmentName,
    #[command(flatten)]
    mandate: Mandate,
}

impl Down {
    /// Takes it away, and tells how that ended.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, mandate: Mandate { yes, plan, reason, key } } = self;
        let input = Input { environment, expect_plan: plan, reason };
        let work = async |context: &Context, approve: &dyn Approve, progress: &Progress| down::run(context, input, approve, progress).await;
        let output = session.undertake("down", (yes, key), work).await?;
        Ok(Reply::of_deployment("taken-down", &output.deployment, &output))
    }
}
