//! Reaching the hosts of an environment. This version knows one: this machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_api::HostApi;
use plimsoll_connect::{Client, Daemon};
use plimsoll_engine::Fleet;
use plimsoll_model::HostName;
use plimsoll_model::audit::Actor;
use plimsoll_model::manifest::project::Project;
use plimsoll_model::time::Moment;

use crate::{Context, Exit, OpError};

/// The hosts of the project's environment. This machine's daemon is started when none runs.
pub(crate) async fn connect(context: &Context, project: &Project) -> Result<Fleet, OpError> {
    judge(project)?;
    Ok(fleet(daemon(context).connect().await?))
}

/// The same for who only wants to look: none where this machine has never been a host.
pub(crate) async fn connect_existing(context: &Context, project: &Project) -> Result<Option<Fleet>, OpError> {
    judge(project)?;
    if was_there(context) { Ok(Some(fleet(daemon(context).connect().await?))) } else { Ok(None) }
}

/// This machine's own host, for who only wants to look: none where it has never been one.
pub(crate) async fn own(context: &Context) -> Result<Option<Client>, OpError> {
    if was_there(context) { Ok(Some(daemon(context).connect().await?)) } else { Ok(None) }
}

/// The daemon's lock file stays when it ends, so where none lies there never was one.
pub(crate) fn was_there(context: &Context) -> bool {
    context.home.join("host.lock").exists()
}

/// The time here, which is that of a host or near it.
pub(crate) fn now() -> Moment {
    Moment(jiff::Timestamp::now().as_millisecond())
}

/// The moment `ms` milliseconds ago.
pub(crate) fn ago(ms: u64) -> Moment {
    Moment(now().0.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX)))
}

/// The daemon of this machine, running or not.
pub(crate) fn daemon(context: &Context) -> Daemon {
    Daemon { exe: context.exe.clone(), home: context.home.clone(), by: Actor::from(&context.holder) }
}

fn fleet(client: Client) -> Fleet {
    let host: Arc<dyn HostApi> = Arc::new(client);
    Fleet { home: HostName::local(), hosts: BTreeMap::from([(HostName::local(), host)]) }
}

fn judge(project: &Project) -> Result<(), OpError> {
    let Some(remote) = project.environment.hosts.iter().find(|host| **host != HostName::local()) else { return Ok(()) };
    let message = format!("environment {} is on {remote}, and remote hosts are not part of this version", project.environment.name);
    Err(OpError::new(Exit::Host, "remote-hosts-unavailable", message).with_help("deploy to this machine: plimsoll deploy local"))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::manifest;

    use super::*;
    use crate::tests::Scene;

    const TEXT: &str =
        "name = \"shop\"\n[components.web]\nrun = \"./web\"\n[environments]\ndev = { hosts = [\"local\"] }\nfar = { hosts = [\"a@b.example\"] }\n";

    #[tokio::test]
    async fn this_machine_is_reached_and_no_other_and_looking_starts_nothing() {
        let scene = Scene::new(&[]);
        for (environment, expect) in [("local", None), ("dev", None), ("far", Some(("remote-hosts-unavailable", Exit::Host)))] {
            let project = manifest::read(TEXT, "plimsoll.toml", &environment.parse().unwrap()).unwrap();
            let found = connect_existing(&scene.context, &project).await.map(|fleet| fleet.is_some());
            let error = found.as_ref().err().map(|error| (error.code.as_str(), error.exit));
            assert_eq!(error, expect, "{environment}");
            assert!(!matches!(found, Ok(true)) && !scene.context.home.exists());
        }
    }
}
