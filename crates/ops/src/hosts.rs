//! Reaching the hosts of an environment: this machine by its socket, others by `ssh`.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use plimsoll_api::{Facts, HostApi};
use plimsoll_connect::{Client, Daemon, is_newer};
use plimsoll_engine::Fleet;
use plimsoll_model::HostName;
use plimsoll_model::audit::Actor;
use plimsoll_model::manifest::project::Project;
use plimsoll_model::time::Moment;

use crate::{Context, Exit, OpError};

/// How many hosts are connected to at once.
const AT_ONCE: usize = 16;

/// The hosts of the project's environment, all of which answer. The daemon of each is started when none runs.
pub(crate) async fn connect(context: &Context, project: &Project) -> Result<Fleet, OpError> {
    let fleet = fleet(context, project).await?;
    if fleet.hosts.keys().any(|host| *host != HostName::local()) {
        judge(&greet(&fleet).await?)?;
    }
    Ok(fleet)
}

/// The same for who only wants to look: none where the environment is this machine alone, and it has never been a host. Hosts elsewhere may
/// turn out not to answer.
pub(crate) async fn connect_existing(context: &Context, project: &Project) -> Result<Option<Fleet>, OpError> {
    let only_here = project.environment.hosts.iter().all(|host| *host == HostName::local());
    if only_here && !was_there(context) { Ok(None) } else { fleet(context, project).await.map(Some) }
}

/// The host called so, without asking it anything.
pub(crate) async fn one(context: &Context, host: &HostName) -> Result<Client, OpError> {
    if *host == HostName::local() { Ok(daemon(context).connect().await?) } else { Ok(Client::remote(host.clone(), context.ssh.clone())) }
}

/// A host, for who only wants to look: none where it is this machine, which has never been one.
pub(crate) async fn look_at(context: &Context, host: &HostName) -> Result<Option<Client>, OpError> {
    if *host == HostName::local() && !was_there(context) { Ok(None) } else { one(context, host).await.map(Some) }
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

async fn fleet(context: &Context, project: &Project) -> Result<Fleet, OpError> {
    let named = &project.environment.hosts;
    let home = named.first().cloned().ok_or_else(|| OpError::new(Exit::Manifest, "no-hosts", "the environment has no hosts"))?;
    let mut hosts = BTreeMap::new();
    for host in named {
        let client: Arc<dyn HostApi> = Arc::new(one(context, host).await?);
        hosts.insert(host.clone(), client);
    }
    Ok(Fleet { home, hosts })
}

/// Asks all hosts what they are, which opens the connections to them.
async fn greet(fleet: &Fleet) -> Result<BTreeMap<HostName, Facts>, OpError> {
    let asks: Vec<_> = fleet.hosts.iter().map(|(name, host)| async move { (name.clone(), host.facts().await) }).collect();
    let answers: BTreeMap<_, _> = stream::iter(asks).buffer_unordered(AT_ONCE).collect().await;
    let (mut facts, mut troubles) = (BTreeMap::new(), Vec::new());
    for (name, answer) in answers {
        match answer {
            Ok(told) => drop(facts.insert(name, told)),
            Err(error) => troubles.push(OpError::from(error)),
        }
    }
    let all = fleet.hosts.len();
    troubles.into_iter().reduce(|first, next| both(first, &next)).map_or(Ok(facts), |error| Err(counted(error, all)))
}

/// One error for several hosts: the code and help of the first, and what all of them say.
fn both(first: OpError, next: &OpError) -> OpError {
    OpError { message: format!("{}; {}", first.message, next.message), ..first }
}

fn counted(error: OpError, hosts: usize) -> OpError {
    if hosts == 1 { error } else { OpError { message: format!("not all of the {hosts} hosts can be used: {}", error.message), ..error } }
}

/// What is built once runs on all of them, and all of them understand what they are told.
fn judge(facts: &BTreeMap<HostName, Facts>) -> Result<(), OpError> {
    let ours = env!("CARGO_PKG_VERSION");
    if let Some((host, older)) = facts.iter().find(|(_, facts)| is_newer(ours, &facts.version)) {
        let message = format!("{host} has plimsoll {}, and this is {ours}", older.version);
        return Err(OpError::new(Exit::Host, "host-older", message).with_help(format!("upgrade it: plimsoll host upgrade {host}")));
    }
    let mut platforms = facts.iter().map(|(host, facts)| (host, &facts.platform));
    let Some((first, platform)) = platforms.next() else { return Ok(()) };
    match platforms.find(|(_, other)| *other != platform) {
        None => Ok(()),
        Some((host, other)) => {
            let message = format!("{first} is {platform} and {host} is {other}: one build cannot run on both");
            Err(OpError::new(Exit::Host, "platforms-differ", message).with_help("put hosts of one platform into an environment"))
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::manifest;

    use super::*;
    use crate::tests::Scene;

    const TEXT: &str =
        "name = \"shop\"\n[components.web]\nrun = \"./web\"\n[environments]\ndev = { hosts = [\"local\"] }\nfar = { hosts = [\"a@b.example\"] }\n";

    #[tokio::test]
    async fn looking_starts_nothing_here_and_reaches_others_when_they_are_asked() {
        let scene = Scene::new(&[]);
        for (environment, expect) in [("local", None), ("dev", None), ("far", Some("a@b.example"))] {
            let project = manifest::read(TEXT, "plimsoll.toml", &environment.parse().unwrap()).unwrap();
            let found = connect_existing(&scene.context, &project).await.unwrap();
            assert_eq!(found.map(|fleet| fleet.home.to_string()).as_deref(), expect, "{environment}");
            assert!(!scene.context.home.exists());
        }
    }

    fn host(version: &str, platform: &str) -> Facts {
        let told = serde_json::json!({
            "version": version, "build": "b", "platform": platform, "machine": "m", "pid": 7, "started_at": "1970-01-01T00:00:00.000Z", "proxy_pid": null, "cores": 1,
            "memory_bytes": 0, "disk_free_bytes": 0, "folder": "/home", "environments": [], "busy": false,
        });
        serde_json::from_value(told).unwrap()
    }

    #[test]
    fn hosts_that_cannot_take_the_same_are_told() {
        let ours = env!("CARGO_PKG_VERSION");
        let check = |hosts: &[(&str, &str)], expect: Option<&str>| {
            let facts =
                hosts.iter().enumerate().map(|(n, (version, platform))| (format!("h{n}").parse().unwrap(), host(version, platform))).collect();
            assert_eq!(judge(&facts).err().map(|error| error.code).as_deref(), expect, "{hosts:?}");
        };
        check(&[(ours, "linux-x86_64"), (ours, "linux-x86_64")], None);
        check(&[("999.0.0", "linux-x86_64")], None);
        check(&[(ours, "linux-x86_64"), ("0.0.1", "linux-x86_64")], Some("host-older"));
        check(&[(ours, "linux-x86_64"), (ours, "linux-aarch64")], Some("platforms-differ"));
        check(&[], None);
    }

    #[test]
    fn what_several_hosts_say_is_one_error() {
        let error = |code: &str| OpError::new(Exit::Host, code, format!("{code} is so")).with_help("do this");
        let told = counted(both(error("a"), &error("b")), 3);
        assert_eq!((told.code.as_str(), told.message.as_str()), ("a", "not all of the 3 hosts can be used: a is so; b is so"));
        assert_eq!(counted(error("a"), 1), error("a"));
    }
}
