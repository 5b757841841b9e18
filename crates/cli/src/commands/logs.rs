//! `plimsoll logs ENVIRONMENT [COMPONENT]`: reads what slots write.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::logs::{self, Input, Output};
use plimsoll_ops::{Exit, OpError};
use tokio::sync::mpsc;

use crate::answer::Reply;
use crate::args::duration;
use crate::session::Session;
use crate::{console, render};

/// How many lines may wait to be written.
const WAITING: usize = 256;

/// How many of the last lines of each slot are shown when nobody says.
const SOME: u32 = 100;

/// How many of them are looked through for those that were asked for.
const ALL: u32 = 10_000;

/// Read what slots write
#[derive(Debug, clap::Args)]
pub struct Logs {
    /// Where
    environment: EnvironmentName,
    /// Only this component
    component: Option<ComponentName>,
    /// Go on with what is written from now on
    #[arg(long, short)]
    follow: bool,
    /// How many of the last lines of each slot to begin with [default: 100, or 10000 where --since or --deployment choose]
    #[arg(long, short = 'n', value_name = "LINES")]
    tail: Option<u32>,
    /// Only what was written so long ago at most, such as 10m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    since: Option<u64>,
    /// Only what was written while this deployment was carried out and served
    #[arg(long, value_name = "DEPLOYMENT", conflicts_with = "follow")]
    deployment: Option<String>,
}

impl Logs {
    /// Writes the lines as they come; with `--json` all of them at the end.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let manner = session.console.manner;
        if self.follow && manner.json && !manner.events {
            let message = "--follow has no end, and --json writes one document at the end";
            return Err(OpError::new(Exit::Usage, "usage", message).with_help("use --events: one JSON document a line"));
        }
        let chosen = self.since.is_some() || self.deployment.is_some();
        let tail = self.tail.unwrap_or(if chosen { ALL } else { SOME });
        let Self { environment, component, follow, since, deployment, .. } = self;
        let input = Input { environment, component, tail, since_ms: since, deployment, follow };
        let (lines, mut written) = mpsc::channel(WAITING);
        let show = async {
            let mut kept = Vec::new();
            while let Some(line) = written.recv().await {
                match (manner.events, manner.json) {
                    (true, _) => session.console.line(&line),
                    (false, true) => kept.push(line),
                    (false, false) => console::print(&render::logs::line(&line)),
                }
            }
            kept
        };
        let (done, kept) = tokio::join!(logs::run(&session.context, input, lines), show);
        done?;
        Ok(Reply::new("logs", &Output { lines: kept }, ""))
    }
}
