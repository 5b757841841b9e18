//! Streams what slots write.

use plimsoll_api::{HostApi, LogQuery};
use plimsoll_engine::Fleet;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName, HostName};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::project::Loaded;
use crate::{Context, Exit, LogLine, OpError, hosts, project};

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
    /// Goes on with what is written from now on, until the context is cancelled or nobody listens.
    #[serde(default)]
    pub follow: bool,
}

/// A line that a slot wrote, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The host.
    pub host: HostName,
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
    let query = LogQuery { key: loaded.key(), component: input.component, tail: input.tail, follow: input.follow };
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Ok(()),
        done = read(&fleet, query, lines) => done,
    }
}

async fn read(fleet: &Fleet, query: LogQuery, lines: mpsc::Sender<Line>) -> Result<(), OpError> {
    if query.follow || fleet.hosts.len() == 1 {
        let done = fleet.all(|name, host| of_host(name, host, query.clone(), lines.clone())).await;
        return done.into_values().collect();
    }
    let (sender, mut told) = mpsc::channel(WAITING);
    let read = async {
        // The last sender goes with this, so that the end is heard.
        let sender = sender;
        fleet.all(|name, host| of_host(name, host, query.clone(), sender.clone())).await.into_values().collect::<Result<(), _>>()
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

async fn of_host(name: &HostName, host: &dyn HostApi, query: LogQuery, lines: mpsc::Sender<Line>) -> Result<(), OpError> {
    let (sender, mut told) = mpsc::channel(WAITING);
    let pass_on = async move {
        while let Some(line) = told.recv().await {
            if lines.send(Line { host: name.clone(), line }).await.is_err() {
                break;
            }
        }
    };
    let (done, ()) = tokio::join!(host.logs(query, sender), pass_on);
    Ok(done?)
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
