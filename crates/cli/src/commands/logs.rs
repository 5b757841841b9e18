//! `plimsoll logs ENVIRONMENT [COMPONENT]`: reads what slots write.

use owo_colors::{AnsiColors, OwoColorize};
use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::logs::{self, Input, Line};
use plimsoll_ops::{Exit, OpError};
use serde_json::json;
use tokio::sync::mpsc;

use crate::answer::Reply;
use crate::args::duration;
use crate::console;
use crate::session::Session;

/// How many lines may wait to be written.
const WAITING: usize = 256;

/// How many of the last lines of each slot are shown when nobody says.
const SOME: u32 = 100;

/// How many of them are looked through for those that were asked for.
const ALL: u32 = 10_000;

/// What tells components from each other.
const COLOURS: [AnsiColors; 6] =
    [AnsiColors::Cyan, AnsiColors::Green, AnsiColors::Yellow, AnsiColors::Blue, AnsiColors::BrightMagenta, AnsiColors::BrightCyan];

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

/// A component has the same colour wherever and whenever it is shown.
fn text(Line { host, alone, line }: &Line) -> String {
    let on = if *alone { String::new() } else { format!("{} ", host.magenta()) };
    let sum: usize = line.component.as_str().bytes().map(usize::from).sum();
    format!("{} {on}{} {}", line.at.dimmed(), line.slot.color(COLOURS[sum % COLOURS.len()]), line.text)
}

#[cfg(test)]
mod tests {
    use plimsoll_ops::LogLine;

    use super::*;
    use crate::render::plain;

    fn line(host: &str, alone: bool, slot: &str) -> Line {
        let slot: plimsoll_model::SlotId = slot.parse().unwrap();
        let component = slot.as_str().rsplit_once('-').unwrap().0.parse().unwrap();
        let line = LogLine { component, slot, at: "2026-01-01T00:00:00.000Z".into(), stream: "out".into(), text: "hello".into() };
        Line { host: host.parse().unwrap(), alone, line }
    }

    #[test]
    fn a_line_names_its_host_where_there_are_several() {
        assert_eq!(plain(&text(&line("deploy@a.example", true, "web-1"))), "2026-01-01T00:00:00.000Z web-1 hello");
        assert_eq!(plain(&text(&line("deploy@a.example", false, "web-1"))), "2026-01-01T00:00:00.000Z deploy@a.example web-1 hello");
    }

    #[test]
    fn components_are_told_by_their_colours() {
        let coloured = |slot| text(&line("local", true, slot)).replace(slot, "");
        assert_eq!(coloured("web-1"), coloured("web-2"));
        assert_ne!(coloured("web-1"), coloured("api-1"));
    }
}
