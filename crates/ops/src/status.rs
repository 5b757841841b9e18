//! Tells what serves in an environment, and how it is.

use std::collections::BTreeMap;

use plimsoll_api::{Enrolled, FailedRenewal, Look, Service};
use plimsoll_engine::Fleet;
use plimsoll_model::backup::BackupPolicy;
use plimsoll_model::copy::Copies;
use plimsoll_model::deployment::{DeploymentRecord, Failure, Holder, Stage, serving};
use plimsoll_model::plan::{Intent, OpenDeployment};
use plimsoll_model::slot::ObservedSlot;
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey, EnvironmentName, HostName, ReleaseId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::views::url;
use crate::{Context, Exit, OpError, Progress, RecordView, hosts, project};

/// How far back the deployment that serves is looked for.
const HISTORY: u32 = 200;

/// Which environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub environment: EnvironmentName,
    /// That something is not as it should be is an error.
    #[serde(default)]
    pub strict: bool,
}

/// An environment as it is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// Whether all of its hosts answer, and all of its components are.
    pub healthy: bool,
    /// Its hosts, the home host first.
    pub hosts: Vec<Host>,
    /// Its components; none when nothing is deployed.
    pub components: Vec<Component>,
    /// The deployment that serves.
    pub deployment: Option<RecordView>,
    /// The deployment that is not settled.
    pub open: Option<Open>,
}

/// A host of the environment.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Host {
    /// Its name.
    pub name: HostName,
    /// Why it does not answer; none when it does.
    pub trouble: Option<Failure>,
}

/// A component as it is, on all hosts that answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Component {
    /// Its name.
    pub name: ComponentName,
    /// The release that serves.
    pub release: Option<ReleaseId>,
    /// The version that serves.
    pub version: Option<String>,
    /// The commit that it was made from.
    pub commit: Option<String>,
    /// Since when it serves.
    pub since: Option<Moment>,
    /// Whether it answers its health check, on each host.
    pub healthy: bool,
    /// Why it is not healthy.
    pub trouble: Option<String>,
    /// Why the certificate of its route could not be renewed. It serves with the one that it has, for as long as that is valid.
    pub certificate_trouble: Option<String>,
    /// Whether it is a database.
    pub database: bool,
    /// When the last backup of it was taken that was verified, where it is a database.
    pub backed_up_at: Option<Moment>,
    /// How it stands with copies of its backups, where they are wanted.
    pub copies: Option<Copies>,
    /// Why its backups are not what the environment wants.
    pub backup_trouble: Option<String>,
    /// Where a person finds it.
    pub url: Option<String>,
    /// The hosts that have it.
    pub hosts: Vec<HostName>,
    /// Its slots.
    pub slots: Vec<Slot>,
}

/// A slot on a host.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Slot {
    /// The host.
    pub host: HostName,
    /// The slot.
    #[serde(flatten)]
    pub slot: ObservedSlot,
}

/// A deployment that is not settled.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Open {
    /// Its name.
    pub id: DeploymentId,
    /// Who runs it.
    pub holder: Holder,
    /// How far it is.
    #[serde(flatten)]
    pub stage: Stage,
    /// When its lease ends.
    pub lease_until: Moment,
    /// Whether the lease has ended: then `resume`, or the next command that changes the environment, settles it.
    pub expired: bool,
}

impl Output {
    /// Stable name of how it is.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match (self.components.is_empty(), self.healthy) {
            (true, _) => "nothing-deployed",
            (false, true) => "healthy",
            (false, false) => "unhealthy",
        }
    }

    /// Why something is not as it should be: as far as that is to be seen to by a person.
    fn unfit(&self) -> Option<OpError> {
        let stale: Vec<&str> = self.components.iter().filter_map(|component| component.backup_trouble.as_deref()).collect();
        let environment = &self.key.environment;
        let error = match () {
            () if !self.healthy => OpError::new(Exit::NeedsPerson, "unhealthy", format!("{} is not healthy", self.key))
                .with_help(format!("plimsoll status {environment} tells what is wrong, plimsoll logs {environment} why")),
            () if !stale.is_empty() => OpError::new(Exit::NeedsPerson, "backup-too-old", stale.join("; "))
                .with_help(format!("take one: plimsoll backup create {environment}")),
            () => return None,
        };
        let details = serde_json::to_value(self).expect("it is made of strings, numbers and maps with string keys");
        Some(OpError { details: Some(details), ..error })
    }
}

/// Looks. Where this machine has never been a host nothing is deployed, and nothing is started to find that out.
///
/// # Errors
/// The manifest is not right, or the home host cannot be reached. That others cannot is told.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    match hosts::connect_existing(context, &loaded.project).await? {
        Some(fleet) => look(&fleet, loaded.key()).await.map(|seen| judged(seen, &loaded.project.environment.backups)).and_then(|seen| {
            let unfit = seen.unfit().filter(|_| input.strict);
            unfit.map_or(Ok(seen), Err)
        }),
        None => Ok(Output { key: loaded.key(), healthy: true, hosts: Vec::new(), components: Vec::new(), deployment: None, open: None }),
    }
}

/// The same with what is wrong with the backups of its databases, by the rule of the environment.
fn judged(mut seen: Output, policy: &BackupPolicy) -> Output {
    let now = hosts::now();
    for component in seen.components.iter_mut().filter(|component| component.database) {
        component.backup_trouble = backup_trouble(component, policy, now).or_else(|| copy_trouble(component, policy, now));
    }
    seen
}

fn backup_trouble(component: &Component, policy: &BackupPolicy, now: Moment) -> Option<String> {
    let name = &component.name;
    match component.backed_up_at {
        // Nobody has asked for one that is as new as that.
        _ if policy.max_age_ms.is_none() => None,
        None => Some(format!("{name} has no verified backup")),
        Some(at) => policy.is_old(at, now).then(|| format!("the last verified backup of {name} is of {at}")),
    }
}

fn copy_trouble(component: &Component, policy: &BackupPolicy, now: Moment) -> Option<String> {
    let (Copies { to, newest }, name) = (component.copies.as_ref()?, &component.name);
    match newest {
        None => component.backed_up_at.map(|_| format!("no backup of {name} was copied to {to} yet")),
        Some(at) => policy.is_old(*at, now).then(|| format!("the last backup of {name} that was copied to {to} is of {at}")),
    }
}

async fn look(fleet: &Fleet, key: EnvironmentKey) -> Result<Output, OpError> {
    let look = &Look::at(key.clone());
    let each = fleet.all(|_, host| async move { tokio::try_join!(host.services(&look.key), host.observe(look.clone())) });
    let (history, mut told) = tokio::join!(fleet.home().history(&key, HISTORY), each);
    let history = history?;
    let (mut hosts, mut components, mut open) = (Vec::new(), BTreeMap::new(), None);
    let home = told.remove(&fleet.home).map(|told| (fleet.home.clone(), told));
    for (name, told) in home.into_iter().chain(told) {
        let trouble = match told {
            Ok((services, seen)) => {
                services.into_iter().for_each(|service| add(&mut components, &name, service));
                open = open.or(seen.open);
                None
            }
            Err(error) => Some(error.to_failure()),
        };
        hosts.push(Host { name, trouble });
    }
    let components: Vec<Component> = components.into_values().collect();
    Ok(Output {
        key,
        healthy: components.iter().all(|component| component.healthy) && hosts.iter().all(|host| host.trouble.is_none()),
        hosts,
        components,
        deployment: serving(&history).filter(|record| serves(record)).map(RecordView::from),
        open: open.as_ref().map(Open::from),
    })
}

/// Adds what a host has of a component to what others have of it.
fn add(components: &mut BTreeMap<ComponentName, Component>, host: &HostName, service: Service) {
    let new = component(host, service);
    let Some(known) = components.get_mut(&new.name) else { return drop(components.insert(new.name.clone(), new)) };
    let differs = (known.release != new.release).then(|| format!("it has another release than {}", known.hosts[0]));
    let why = new.trouble.or(differs).map(|why| format!("on {host}: {why}"));
    known.healthy &= new.healthy && why.is_none();
    known.trouble = match (known.trouble.take(), why) {
        (Some(before), Some(why)) => Some(format!("{before}; {why}")),
        (before, why) => before.or(why),
    };
    known.hosts.extend(new.hosts);
    known.slots.extend(new.slots);
}

/// After an environment was taken away nothing serves.
fn serves(record: &DeploymentRecord) -> bool {
    record.intent != Intent::Down
}

fn component(host: &HostName, service: Service) -> Component {
    Component {
        name: service.name,
        release: service.served.as_ref().map(|served| served.release),
        version: service.version,
        commit: service.commit,
        since: service.since,
        healthy: service.healthy,
        trouble: service.trouble,
        certificate_trouble: service.enrolled.as_ref().and_then(certificate_trouble),
        database: service.served.as_ref().is_some_and(|served| served.database().is_some()),
        backed_up_at: service.backed_up_at,
        copies: service.copies,
        backup_trouble: None,
        url: service.route.as_ref().map(|route| url(host, route)),
        hosts: vec![host.clone()],
        slots: service.slots.into_iter().map(|slot| Slot { host: host.clone(), slot }).collect(),
    }
}

fn certificate_trouble(enrolled: &Enrolled) -> Option<String> {
    let FailedRenewal { at, failure } = enrolled.failed.as_ref()?;
    let expires = enrolled.expires_at.map(|at| format!("; the one that serves expires on {at}")).unwrap_or_default();
    Some(format!("its certificate could not be renewed at {at}: {}{expires}", failure.message))
}

impl From<&OpenDeployment> for Open {
    fn from(open: &OpenDeployment) -> Self {
        Self { id: open.id.clone(), holder: open.holder.clone(), stage: open.stage.clone(), lease_until: open.lease_until, expired: open.expired }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Digest;

    use super::*;

    fn service(release: &str, trouble: Option<&str>) -> Service {
        let served = serde_json::json!({
            "target": { "target": "slot", "slot": "web-1" }, "release": ReleaseId(Digest::of(release.as_bytes())), "config": Digest::of(b"c"), "route": null,
        });
        let told = serde_json::json!({
            "name": "web", "served": served, "version": "1", "commit": null, "since": null, "healthy": trouble.is_none(), "trouble": trouble,
            "route": null,
            "slots": [{
                "slot": "web-1", "release": Digest::of(release.as_bytes()), "config": Digest::of(b"c"), "port": 20_001, "condition": "running",
                "restarts": 0, "pid": 7,
            }],
        });
        serde_json::from_value(told).unwrap()
    }

    #[test]
    fn a_component_is_as_well_as_it_is_on_its_worst_host() {
        let check = |services: &[(&str, Option<&str>)], trouble: Option<&str>| {
            let mut components = BTreeMap::new();
            for (number, (release, trouble)) in services.iter().enumerate() {
                add(&mut components, &format!("h{}", number + 1).parse().unwrap(), service(release, *trouble));
            }
            let web = components.into_values().next().unwrap();
            assert_eq!((web.healthy, web.trouble.as_deref()), (trouble.is_none(), trouble), "{services:?}");
            let hosts: Vec<&str> = web.slots.iter().map(|slot| slot.host.as_str()).collect();
            assert_eq!(hosts, ["h1", "h2", "h3"][..services.len()]);
            assert_eq!(web.hosts.iter().map(HostName::as_str).collect::<Vec<_>>(), hosts);
        };
        check(&[("a", None), ("a", None), ("a", None)], None);
        check(&[("a", None), ("b", None)], Some("on h2: it has another release than h1"));
        check(&[("a", Some("GET /: 500")), ("a", Some("GET /: 502"))], Some("GET /: 500; on h2: GET /: 502"));
    }

    #[test]
    fn backups_and_their_copies_are_as_new_as_the_environment_wants_them() {
        let now = Moment(1_000_000);
        let check = |max_age_ms: Option<u64>, backed_up_at: Option<i64>, copied: Option<Option<i64>>, expect: Option<&str>| {
            let policy = BackupPolicy { before_migrations: true, keep: 5, every_ms: None, max_age_ms };
            let copies = copied.map(|newest| Copies { to: "s3://shop-backups".to_owned().try_into().unwrap(), newest: newest.map(Moment) });
            let service = Service { backed_up_at: backed_up_at.map(Moment), copies, ..service("a", None) };
            let component = component(&HostName::local(), service);
            let told = backup_trouble(&component, &policy, now).or_else(|| copy_trouble(&component, &policy, now));
            let case = format!("{max_age_ms:?} {backed_up_at:?} {copied:?}");
            assert_eq!(told.is_some(), expect.is_some(), "{case}: {told:?}");
            assert!(told.unwrap_or_default().contains(expect.unwrap_or_default()), "{case}");
        };
        let (new, old, age) = (Some(999_000), Some(1_000), Some(60_000));
        check(None, None, None, None);
        check(None, None, Some(None), None);
        check(None, old, Some(None), Some("no backup of web was copied to s3://shop-backups yet"));
        check(None, old, Some(old), None);
        check(age, None, None, Some("has no verified backup"));
        check(age, old, Some(new), Some("the last verified backup"));
        check(age, new, Some(old), Some("that was copied to s3://shop-backups is of"));
        check(age, new, Some(new), None);
        check(age, new, None, None);
    }
}
