//! `plimsoll approve HASH [ENVIRONMENT]`: a person's yes to one plan, signed.

use std::path::{Path, PathBuf};

use plimsoll_model::approval::LONGEST_MS;
use plimsoll_model::{EnvironmentName, PlanHash};
use plimsoll_ops::approve::{self, Input};
use plimsoll_ops::{Approve as Consent, Context, OpError, Progress};

use crate::answer::Reply;
use crate::args;
use crate::session::Session;

/// Approve a plan, with an SSH key that the environment names in `approvers`
#[derive(Debug, clap::Args)]
pub struct Approve {
    /// The plan
    #[arg(value_name = "HASH")]
    plan: PlanHash,
    /// Where it is for [default: every environment that wants approvals is looked through]
    environment: Option<EnvironmentName>,
    /// The SSH key to sign with [default: those in ~/.ssh]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// For how long it is good, a day at most
    #[arg(long = "for", value_name = "DURATION", default_value = "1h", value_parser = duration)]
    lasts_ms: u64,
    /// Say yes to the plan beforehand
    #[arg(long, short)]
    yes: bool,
}

fn duration(text: &str) -> Result<u64, &'static str> {
    let ms = args::duration(text)?;
    if ms == 0 || ms > LONGEST_MS { Err("an approval is good for a day at most") } else { Ok(ms) }
}

impl Approve {
    /// Shows the plan, asks, signs, and tells the hosts.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let keys = self.key.map_or_else(usual, |key| vec![key]);
        let input = Input { plan: self.plan, environment: self.environment, for_ms: self.lasts_ms, keys };
        let work = async |context: &Context, consent: &dyn Consent, progress: &Progress| approve::run(context, input, consent, progress).await;
        let output = session.undertake("approve", (self.yes, None), work).await?;
        let text = format!("{} may be changed by plan {}, once, until {}: approved by {}\n", output.key, output.plan, output.until, output.by);
        Ok(Reply::new("approved", &output, text))
    }
}

/// The keys in `~/.ssh`: those whose public part lies beside them, which also those have that live in hardware or with an agent.
fn usual() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("HOME").map(|home| Path::new(&home).join(".ssh")) else { return Vec::new() };
    let public = |path: &PathBuf| path.extension().is_some_and(|end| end == "pub");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).filter(public).collect();
    files.sort();
    files.into_iter().map(|path| path.with_extension("")).collect()
}
