//! `read_logs`: tells what programs wrote.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::logs::{self, Input, Line};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::call::Call;
use crate::tool::{Effect, Tool};

/// How many lines are told when nobody says, and at most.
const LINES: (usize, usize) = (50, 200);

/// How many of the last lines of each slot are looked through.
const DEPTH: u32 = 10_000;

/// How many lines may wait.
const WAITING: usize = 256;

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "read_logs",
    "Read what programs wrote, the newest lines last. Called again with details.before, it tells what came before.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    /// Only this one
    component: Option<ComponentName>,
    /// Only while it was carried out and served
    deployment: Option<String>,
    before: Option<String>,
    /// At most 200
    lines: Option<u32>,
}

/// A page of a log.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Output {
    /// The lines, the oldest first.
    lines: Vec<String>,
    /// Where the page before this one ends; none when there is nothing before.
    before: Option<String>,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, component, deployment, before, lines } = call.read()?;
    let wanted = lines.map_or(LINES.0, |lines| lines as usize).min(LINES.1);
    let input = Input { environment, component, tail: DEPTH, since_ms: None, deployment, follow: false };
    let (sender, mut told) = mpsc::channel(WAITING);
    let collect = async {
        let mut all = Vec::new();
        while let Some(line) = told.recv().await {
            all.push(line);
        }
        all
    };
    let (done, all) = tokio::join!(logs::run(&call.context, input, sender), collect);
    done?;
    Ok(Answer::done("logs", &page(all, before.as_deref(), wanted)))
}

/// The last lines before a mark. A mark is the time of the first line of a page, and how many lines of that time were told: `TIME#COUNT`.
fn page(mut all: Vec<Line>, before: Option<&str>, wanted: usize) -> Output {
    // The sort keeps the order of lines that were written at the same time.
    all.sort_by(|a, b| a.line.at.cmp(&b.line.at));
    let end = before.map_or(all.len(), |mark| end_of(&all, mark));
    let begin = end.saturating_sub(wanted);
    let first = all[..end].get(begin).filter(|_| begin > 0);
    let before = first.map(|first| {
        let told = all.iter().skip(begin).filter(|line| line.line.at == first.line.at).count();
        format!("{}#{told}", first.line.at)
    });
    Output { lines: all[begin..end].iter().map(written).collect(), before }
}

/// How many lines come before a mark. Lines that came since stand behind it.
fn end_of(all: &[Line], mark: &str) -> usize {
    let (at, told) = mark.rsplit_once('#').unwrap_or((mark, "0"));
    let behind = all.partition_point(|line| line.line.at.as_str() <= at);
    let same = behind - all.partition_point(|line| line.line.at.as_str() < at);
    behind - told.parse().unwrap_or(0).min(same)
}

fn written(Line { host, line, .. }: &Line) -> String {
    format!("{} {} {}@{host} {}", line.at, line.component, line.slot, line.text)
}

#[cfg(test)]
mod tests {
    use plimsoll_ops::LogLine;

    use super::*;

    fn line(at: &str, text: &str) -> Line {
        let line =
            LogLine { component: "web".parse().unwrap(), slot: "web-1".parse().unwrap(), at: at.into(), stream: "out".into(), text: text.into() };
        Line { host: "local".parse().unwrap(), alone: true, line }
    }

    #[test]
    fn page_by_page_every_line_is_told_once() {
        let all: Vec<Line> = [("1", "a"), ("2", "b"), ("2", "c"), ("2", "d"), ("3", "e")].map(|(at, text)| line(at, text)).into();
        for wanted in 1..=6 {
            let (mut told, mut before) = (Vec::new(), None);
            loop {
                let page = page(all.clone(), before.as_deref(), wanted);
                told.splice(0..0, page.lines);
                before = page.before;
                if before.is_none() {
                    break;
                }
            }
            let expect: Vec<String> = all.iter().map(written).collect();
            assert_eq!(told, expect, "{wanted} lines a page");
        }
    }

    #[test]
    fn lines_that_came_since_move_no_page() {
        let mut all: Vec<Line> = [("1", "a"), ("2", "b"), ("3", "c")].map(|(at, text)| line(at, text)).into();
        let newest = page(all.clone(), None, 1);
        assert_eq!(newest.lines, ["3 web web-1@local c"]);
        all.push(line("4", "d"));
        assert_eq!(page(all, newest.before.as_deref(), 1).lines, ["2 web web-1@local b"]);
        assert_eq!(page(Vec::new(), Some("nonsense"), 1), Output { lines: Vec::new(), before: None });
    }
}
