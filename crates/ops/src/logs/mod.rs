//! Streams what slots write.

mod shown;
mod window;

use plimsoll_api::{HostApi, LogQuery};
use plimsoll_engine::Fleet;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName, HostName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::project::Loaded;
use crate::{Context, Exit, LogLine, OpError, hosts, project, show};
use shown::Shown;
use window::Window;

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// What slots wrote, where all of it is answered at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The lines, the oldest first.
    pub lines: Vec<Line>,
}

/// How many lines of a host may wait to be passed on.
const WAITING: usize = 64;

/// How many lines a slot may write while what was written before is put in order.
const BETWEEN: u32 = 1_000;

/// Sends the lines of all hosts to `lines`, oldest first, until there are no more, nobody listens, or the context is cancelled. Lines that
/// are followed come behind those, as they are written.
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

/// Of several hosts, what was written before is put in order first, and then comes what is written from now on.
async fn read(fleet: &Fleet, query: LogQuery, window: Window, lines: mpsc::Sender<Line>) -> Result<(), OpError> {
    let sieve = Sieve { window, alone: fleet.hosts.len() == 1, shown: Shown::default() };
    if sieve.alone {
        return of_all(fleet, &query, &sieve, lines).await;
    }
    let (done, mut sorted) = past(fleet, LogQuery { follow: false, ..query.clone() }, &sieve).await;
    sorted.sort_by(|a, b| a.line.at.cmp(&b.line.at));
    let shown = Shown::of(&sorted);
    for line in sorted {
        if lines.send(line).await.is_err() {
            // Whoever does not read any more has read enough.
            return Ok(());
        }
    }
    if !query.follow || done.is_err() {
        return done;
    }
    // What was written in between is among the last lines of its slot.
    let tail = if query.tail == 0 { 0 } else { query.tail.max(BETWEEN) };
    let query = LogQuery { tail, ..query };
    of_all(fleet, &query, &Sieve { shown, ..sieve }, lines).await
}

/// What those hosts have that answer.
async fn past(fleet: &Fleet, query: LogQuery, sieve: &Sieve) -> (Result<(), OpError>, Vec<Line>) {
    let (sender, mut told) = mpsc::channel(WAITING);
    let keep = async {
        let mut all = Vec::new();
        while let Some(line) = told.recv().await {
            all.push(line);
        }
        all
    };
    tokio::join!(of_all(fleet, &query, sieve, sender), keep)
}

/// The last sender goes with this, so that the end is heard.
async fn of_all(fleet: &Fleet, query: &LogQuery, sieve: &Sieve, lines: mpsc::Sender<Line>) -> Result<(), OpError> {
    fleet.all(|name, host| of_host(name, host, query.clone(), sieve, lines.clone())).await.into_values().collect()
}

async fn of_host(name: &HostName, host: &dyn HostApi, query: LogQuery, sieve: &Sieve, lines: mpsc::Sender<Line>) -> Result<(), OpError> {
    let (sender, mut told) = mpsc::channel(WAITING);
    let pass_on = async move {
        while let Some(line) = told.recv().await {
            let line = Line { host: name.clone(), alone: sieve.alone, line };
            if sieve.passes(&line) && lines.send(line).await.is_err() {
                break;
            }
        }
    };
    let (done, ()) = tokio::join!(host.logs(query, sender), pass_on);
    Ok(done?)
}

/// Which lines are passed on.
struct Sieve {
    window: Window,
    alone: bool,
    shown: Shown,
}

impl Sieve {
    fn passes(&self, line: &Line) -> bool {
        self.window.has(&line.line.at) && !self.shown.has(line)
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

/// A component may be gone from the manifest and still have slots somewhere.
async fn judge(component: &ComponentName, loaded: &Loaded, fleet: &Fleet) -> Result<(), OpError> {
    let key: EnvironmentKey = loaded.key();
    if loaded.project.components.contains_key(component) {
        return Ok(());
    }
    for services in fleet.all(|_, host| host.services(&key)).await.into_values() {
        if services?.iter().any(|service| service.name == *component) {
            return Ok(());
        }
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
}
