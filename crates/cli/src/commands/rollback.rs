//! `plimsoll rollback ENVIRONMENT`: returns to an earlier state.

use plimsoll_model::{DeploymentId, EnvironmentName};
use plimsoll_ops::rollback::{self, Data, Input, Target};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::mandate::Mandate;
use crate::render;
use crate::session::Session;

/// Return to what an earlier deployment had made live
#[derive(Debug, clap::Args)]
pub struct Rollback {
    /// Where
    environment: EnvironmentName,
    #[command(flatten)]
    to: To,
    /// Bring the data of that time back too: of the newest backup that was taken while it served. What is lost is said first
    #[arg(long)]
    restore_data: bool,
    #[command(flatten)]
    mandate: Mandate,
}

/// The state to return to.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct To {
    /// The newest good one before what serves now [default]
    #[arg(long)]
    last: bool,
    /// What this deployment had made live
    #[arg(long, value_name = "ID")]
    to_deployment: Option<DeploymentId>,
    /// The newest with this version
    #[arg(long, value_name = "VERSION")]
    to_version: Option<String>,
    /// The newest made from this commit
    #[arg(long, value_name = "COMMIT")]
    to_commit: Option<String>,
}

impl From<To> for Target {
    fn from(to: To) -> Self {
        let named = to.to_deployment.map(Self::Deployment).or(to.to_version.map(Self::Version)).or(to.to_commit.map(Self::Commit));
        named.unwrap_or(Self::Last)
    }
}

impl Rollback {
    /// Rolls back, and tells how it ended.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, to, restore_data, mandate: Mandate { yes, plan, reason, key } } = self;
        let data = if restore_data { Data::Newest } else { Data::Stays };
        let input = Input { environment, to: to.into(), data, expect_plan: plan, reason };
        let work = async |context: &Context, approve: &dyn Approve, progress: &Progress| rollback::run(context, input, approve, progress).await;
        let output = session.undertake("rollback", (yes, key), work).await?;
        let reply = Reply::of_deployment("rolled-back", &output.deployment, &output);
        let data = output.data.iter().map(|data| render::backups::restored(&output.deployment.key, data)).collect::<String>();
        Ok(Reply { text: reply.text + &data, ..reply })
    }
}
