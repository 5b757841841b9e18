//! `plimsoll approvals ENVIRONMENT`: the plans that wait for a person's yes.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::OpError;
use plimsoll_ops::approvals::{self, Input, Waiting};

use crate::answer::Reply;
use crate::session::Session;

/// List the plans that have to be approved
#[derive(Debug, clap::Args)]
pub struct Approvals {
    /// Where
    environment: EnvironmentName,
}

impl Approvals {
    /// Lists them, the newest first.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { environment: self.environment };
        let output = session.look(async |context, progress| approvals::run(context, input, progress).await).await?;
        if output.plans.is_empty() {
            return Ok(Reply::new("nothing-waits", &output, "no plan waits for an approval\n"));
        }
        let text: String = output.plans.iter().map(line).collect();
        let waits = output.plans.iter().find(|waiting| waiting.approval.is_none());
        let next = waits.map(|waiting| format!("plimsoll approve {} {}", waiting.plan, output.key.environment));
        let reply = Reply::new("approvals", &output, text);
        Ok(match next {
            Some(next) => reply.with_next(next),
            None => reply,
        })
    }
}

fn line(waiting: &Waiting) -> String {
    let how = waiting.approval.as_ref().map_or_else(|| "waits".into(), |approval| format!("approved by {}, until {}", approval.by, approval.until));
    let why = waiting.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{}  {}  {}{why}: {how}\n", waiting.plan, waiting.at, waiting.by)
}
