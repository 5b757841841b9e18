//! `plimsoll deploy ENVIRONMENT`: brings a source live.

use clap::ValueEnum;
use plimsoll_model::EnvironmentName;
use plimsoll_ops::deploy::{self, Input};
use plimsoll_ops::{Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::mandate::Mandate;
use crate::session::Session;
use crate::source::Source;

/// Bring a source live in an environment
#[derive(Debug, clap::Args)]
pub struct Deploy {
    /// Where to
    environment: EnvironmentName,
    #[command(flatten)]
    source: Source,
    /// What is tested before any host is touched: nothing, the components that changed, or all of them
    #[arg(long, value_enum, default_value_t = Tests::Smoke)]
    tests: Tests,
    #[command(flatten)]
    mandate: Mandate,
}

/// How much is tested.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Tests {
    None,
    Smoke,
    Full,
}

impl From<Tests> for plimsoll_ops::Tests {
    fn from(tests: Tests) -> Self {
        match tests {
            Tests::None => Self::None,
            Tests::Smoke => Self::Smoke,
            Tests::Full => Self::Full,
        }
    }
}

impl Deploy {
    /// Deploys, and tells how it ended.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, source, tests, mandate: Mandate { yes, plan, reason, key } } = self;
        let input = Input { environment, source: source.into(), tests: tests.into(), expect_plan: plan, reason };
        let work = async |context: &Context, approve: &dyn Approve, progress: &Progress| deploy::run(context, input, approve, progress).await;
        let output = session.undertake("deploy", (yes, key), work).await?;
        Ok(Reply::of_deployment("deployed", &output.deployment, &output))
    }
}
