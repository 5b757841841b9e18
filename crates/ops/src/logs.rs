//! Streams what slots write.

use plimsoll_api::LogQuery;
use plimsoll_engine::Fleet;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName};
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

/// Sends the lines to `lines`, oldest first, until there are no more, nobody listens, or the context is cancelled.
///
/// # Errors
/// There is no such component, the manifest is not right, or the host cannot be reached.
pub async fn run(context: &Context, input: Input, lines: mpsc::Sender<LogLine>) -> Result<(), OpError> {
    let loaded = project::load(context, &input.environment)?;
    let Some(fleet) = hosts::connect_existing(context, &loaded.project).await? else { return Ok(()) };
    if let Some(component) = &input.component {
        judge(component, &loaded, &fleet).await?;
    }
    let query = LogQuery { key: loaded.key(), component: input.component, tail: input.tail, follow: input.follow };
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Ok(()),
        done = fleet.home().logs(query, lines) => Ok(done?),
    }
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

    use plimsoll_model::{HostName, manifest};
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
