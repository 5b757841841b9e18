//! `plimsoll snapshot restore ENVIRONMENT SNAPSHOT`: returns to one.

use plimsoll_model::{BackupId, EnvironmentName};
use plimsoll_ops::snapshot_restore::{self, Input};
use plimsoll_ops::{Answer, Approve, Context, OpError, Progress};

use crate::answer::Reply;
use crate::mandate::Mandate;
use crate::render;
use crate::session::Session;

/// Return to what served when a snapshot was taken, and to the data of that time. What is lost is said first
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// Where
    environment: EnvironmentName,
    /// Which one
    id: BackupId,
    #[command(flatten)]
    mandate: Mandate,
}

impl Restore {
    /// Returns there, and tells how that ended.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, id, mandate: Mandate { yes, plan, reason, key } } = self;
        let input = Input { environment, id, expect_plan: plan, reason };
        let work =
            async |context: &Context, approve: &dyn Approve, progress: &Progress| snapshot_restore::run(context, input, approve, progress).await;
        let output = session.undertake("restore", (yes, key), work).await?;
        let data = output.data.iter().map(|data| render::backups::restored(&output.deployment.key, data)).collect::<String>();
        let reply = Reply::of_deployment("restored", &output.deployment, &output);
        let answer = Answer { code: "restored".into(), ..reply.answer };
        Ok(Reply { answer, text: reply.text + &data })
    }
}
