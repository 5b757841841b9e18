//! Streams what slots write.

use plimsoll_api::{HostApi, LogQuery};
use plimsoll_engine::Fleet;
use plimsoll_model::deployment::{DeploymentRecord, Outcome};
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName, HostName};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::project::Loaded;
use crate::{Context, Exit, LogLine, OpError, hosts, project, show};

/// Which lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this component.
    #[serde(default)]
    pub component: Option<ComponentName>,
    /// How many of the last lines of each slot to begin with.
    pub tail: u32,
    /// Only what was written since, in milliseconds from now.
    #[serde(default)]
    pub since_ms: Option<u64>,
    /// Only what was written while this deployment was carried out and served: its name, or as much of its beginning as tells it from others.
    #[serde(default)]
    pub deployment: Option<String>,
    /// Goes on with what is written from now on, until the context is cancelled or nobody listens.
    #[serde(default)]
    pub follow: bool,
}

/// A line that a slot wrote, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The host.
    pub host: HostName,
    /// Whether the environment has no other.
    #[serde(skip)]
    pub alone: bool,
    /// The line.
    #[serde(flatten)]
    pub line: LogLine,
}

/// How many lines of a host may wait to be passed on.
const WAITING: usize = 64;

/// Sends the lines of all hosts to `lines`, oldest first, until there are no more, nobody listens, or the context is cancelled. Lines that
/// are followed come as they are written.
///
/// # Errors
/// There is no such component, the manifest is not right, or a host cannot be reached.
pub async fn run(context: &Context, input: Input, lines: mpsc::Sender<Line>) -> Result<(), OpError> {
    let loaded = project::load(context, &input.environment)?;
    let Some(fleet) = hosts::connect_existing(context, &loaded.project).await? else { return Ok(()) };
    if let Some(component) = &input.component {
        judge(component, &loaded, &fleet).await?;
    }
    let window = window(&input, &loaded, &fleet).await?;
    let query = LogQuery { key: loaded.key(), component: input.component, tail: input.tail, follow: input.follow };
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Ok(()),
        done = read(&fleet, query, window, lines) => done,
    }
}

async fn read(fleet: &Fleet, query: LogQuery, window: Window, lines: mpsc::Sender<Line>) -> Result<(), OpError> {
    let alone = fleet.hosts.len() == 1;
    if query.follow || alone {
        let done = fleet.all(|name, host| of_host(name, host, query.clone(), Sieve { window, alone, lines: lines.clone() })).await;
        return done.into_values().collect();
    }
    let (sender, mut told) = mpsc::channel(WAITING);
    let read = async {
        // The last sender goes with this, so that the end is heard.
        let sender = sender;
        fleet
            .all(|name, host| of_host(name, host, query.clone(), Sieve { window, alone, lines: sender.clone() }))
            .await
            .into_values()
            .collect::<Result<(), _>>()
    };
    let keep = async {
        let mut all = Vec::new();
        while let Some(line) = told.recv().await {
            all.push(line);
        }
        all
    };
    let (done, mut all) = tokio::join!(read, keep);
    all.sort_by(|a: &Line, b: &Line| a.line.at.cmp(&b.line.at));
    for line in all {
        // Whoever does not read any more has read enough.
        drop(lines.send(line).await);
    }
    done
}

/// Where the lines of a host go, those that are wanted.
struct Sieve {
    window: Window,
    alone: bool,
    lines: mpsc::Sender<Line>,
}

async fn of_host(name: &HostName, host: &dyn HostApi, query: LogQuery, sieve: Sieve) -> Result<(), OpError> {
    let (sender, mut told) = mpsc::channel::<LogLine>(WAITING);
    let pass_on = async move {
        let Sieve { window, alone, lines } = sieve;
        while let Some(line) = told.recv().await {
            if window.has(&line.at) && lines.send(Line { host: name.clone(), alone, line }).await.is_err() {
                break;
            }
        }
    };
    let (done, ()) = tokio::join!(host.logs(query, sender), pass_on);
    Ok(done?)
}

/// Moments between which a line is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Window {
    from: Option<Moment>,
    until: Option<Moment>,
}

impl Window {
    /// Whether a line that was written then is wanted. What cannot be read is not kept back.
    fn has(&self, at: &str) -> bool {
        let Ok(at) = serde_json::from_value::<Moment>(at.into()) else { return true };
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// While a deployment was carried out and served: to its end when it was undone, to the beginning of the next one that is live otherwise.
    fn of(record: &DeploymentRecord, records: &[DeploymentRecord]) -> Self {
        let next = records.iter().rev().find(|other| other.id > record.id && other.outcome() == Outcome::Committed);
        let until = match record.outcome() {
            Outcome::Committed => next.map(|next| next.started_at),
            // The last words come with the end.
            _ => record.ended_at.map(|ended| ended.plus(1_000)),
        };
        Self { from: Some(record.started_at), until }
    }
}

async fn window(input: &Input, loaded: &Loaded, fleet: &Fleet) -> Result<Window, OpError> {
    let window = match &input.deployment {
        Some(id) => {
            let records = fleet.home().history(&loaded.key(), show::HISTORY).await?;
            Window::of(show::called(&input.environment, id, &records)?, &records)
        }
        None => Window::default(),
    };
    Ok(Window { from: window.from.max(input.since_ms.map(hosts::ago)), ..window })
}

/// A component may be gone from the manifest and still have slots.
async fn judge(component: &ComponentName, loaded: &Loaded, fleet: &Fleet) -> Result<(), OpError> {
    let key: EnvironmentKey = loaded.key();
    let known = loaded.project.components.contains_key(component);
    if known || fleet.home().services(&key).await?.iter().any(|service| service.name == *component) {
        return Ok(());
    }
    let names: Vec<&str> = loaded.project.components.keys().map(ComponentName::as_str).collect();
    let message = format!("there is no component {component} in {key}");
    Err(OpError::new(Exit::Usage, "unknown-component", message).with_help(format!("there are {}", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use plimsoll_model::manifest;
    use plimsoll_testkit::world::{Machine, SimHost};

    use super::*;

    #[tokio::test]
    async fn a_component_that_is_not_there_is_told_with_those_that_are() {
        let text = "name = \"shop\"\n[components.api]\nrun = \"./api\"\n[components.web]\nrun = \"./web\"\n";
        let project = manifest::read(text, project::MANIFEST, &"local".parse().unwrap()).unwrap();
        let loaded = Loaded { project, text: text.into() };
        let host = Arc::new(SimHost::new(Machine::default()));
        let fleet = Fleet { home: HostName::local(), hosts: BTreeMap::from([(HostName::local(), host as Arc<dyn plimsoll_api::HostApi>)]) };
        assert_eq!(judge(&"web".parse().unwrap(), &loaded, &fleet).await, Ok(()));
        let error = judge(&"wbe".parse().unwrap(), &loaded, &fleet).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("unknown-component", Exit::Usage));
        assert_eq!((error.message.as_str(), error.help.as_deref()), ("there is no component wbe in shop/local", Some("there are api, web")));
    }

    #[test]
    fn a_line_is_wanted_between_two_moments() {
        let check = |from: Option<i64>, until: Option<i64>, expect: [bool; 3]| {
            let window = Window { from: from.map(Moment), until: until.map(Moment) };
            let lines = ["1970-01-01T00:00:01.000Z", "1970-01-01T00:00:02.000Z", "no time"];
            assert_eq!(lines.map(|at| window.has(at)), expect, "{window:?}");
        };
        check(None, None, [true, true, true]);
        check(Some(1_000), None, [true, true, true]);
        check(Some(1_001), None, [false, true, true]);
        check(None, Some(2_000), [true, false, true]);
        check(Some(1_500), Some(1_800), [false, false, true]);
    }

    #[test]
    fn a_deployment_is_in_its_logs_until_the_next_one_that_is_live() {
        let record = |number: u8, outcome: Outcome| {
            let began = i64::from(number) * 100;
            let over = crate::rollback::tests::record(number, "c", false, outcome);
            DeploymentRecord { started_at: Moment(began), ended_at: Some(Moment(began + 10)), ..over }
        };
        // The newest first, as hosts tell them.
        let all = [record(4, Outcome::Committed), record(3, Outcome::RolledBack), record(2, Outcome::Committed)];
        let told = all.each_ref().map(|record| Window::of(record, &all)).map(|window| (window.from.unwrap().0, window.until.map(|until| until.0)));
        assert_eq!(told, [(400, None), (300, Some(1_310)), (200, Some(400))]);
    }
}
