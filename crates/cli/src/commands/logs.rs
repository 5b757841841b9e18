//! `plimsoll logs ENVIRONMENT [COMPONENT]`: reads what slots write.

use owo_colors::OwoColorize;
use plimsoll_model::{ComponentName, EnvironmentName, HostName};
use plimsoll_ops::logs::{self, Input, Line};
use plimsoll_ops::{Exit, OpError};
use serde_json::json;
use tokio::sync::mpsc;

use crate::answer::Reply;
use crate::console;
use crate::session::Session;

/// How many lines may wait to be written.
const WAITING: usize = 256;

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
    /// How many of the last lines of each slot to begin with
    #[arg(long, short = 'n', value_name = "LINES", default_value_t = 100)]
    tail: u32,
}

impl Logs {
    /// Writes the lines as they come; with `--json` all of them at the end.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let manner = session.console.manner;
        if self.follow && manner.json && !manner.events {
            let message = "--follow has no end, and --json writes one document at the end";
            return Err(OpError::new(Exit::Usage, "usage", message).with_help("use --events: one JSON document a line"));
        }
        let input = Input { environment: self.environment, component: self.component, tail: self.tail, follow: self.follow };
        let (lines, mut written) = mpsc::channel(WAITING);
        let show = async {
            let mut kept = Vec::new();
            while let Some(line) = written.recv().await {
                match (manner.events, manner.json) {
                    (true, _) => session.console.line(&line),
                    (false, true) => kept.push(line),
                    (false, false) => console::print(&text(&line)),
                }
            }
            kept
        };
        let (done, kept) = tokio::join!(logs::run(&session.context, input, lines), show);
        done?;
        Ok(Reply::new("logs", &json!({ "lines": kept }), ""))
    }
}

fn text(Line { host, line }: &Line) -> String {
    let on = if *host == HostName::local() { String::new() } else { format!("{} ", host.magenta()) };
    format!("{} {on}{} {}", line.at.dimmed(), line.slot.cyan(), line.text)
}
