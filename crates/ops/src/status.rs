//! Tells what serves in an environment, and how it is.

use std::collections::BTreeSet;

use plimsoll_api::{Look, Service};
use plimsoll_engine::Fleet;
use plimsoll_model::deployment::{DeploymentRecord, Holder, Stage, serving};
use plimsoll_model::plan::{Intent, OpenDeployment};
use plimsoll_model::slot::ObservedSlot;
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey, EnvironmentName, ReleaseId};
use serde::{Deserialize, Serialize};

use crate::views::url;
use crate::{Context, OpError, Progress, RecordView, hosts, project, settle};

/// How far back the deployment that serves is looked for.
const HISTORY: u32 = 200;

/// Which environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub environment: EnvironmentName,
}

/// An environment as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// Whether all of its components are.
    pub healthy: bool,
    /// Its components; none when nothing is deployed.
    pub components: Vec<Component>,
    /// The deployment that serves.
    pub deployment: Option<RecordView>,
    /// The deployment that is not settled.
    pub open: Option<Open>,
}

/// A component as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    /// Whether it answers its health check.
    pub healthy: bool,
    /// Why it is not healthy.
    pub trouble: Option<String>,
    /// Where a person finds it.
    pub url: Option<String>,
    /// Its slots.
    pub slots: Vec<ObservedSlot>,
}

/// A deployment that is not settled.
#[derive(Debug, Clone, PartialEq, Serialize)]
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

/// Looks. Where this machine has never been a host nothing is deployed, and nothing is started to find that out.
///
/// # Errors
/// The manifest is not right, or the host cannot be reached.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    match hosts::connect_existing(context, &loaded.project).await? {
        Some(fleet) => look(&fleet, loaded.key()).await,
        None => Ok(Output { key: loaded.key(), healthy: true, components: Vec::new(), deployment: None, open: None }),
    }
}

async fn look(fleet: &Fleet, key: EnvironmentKey) -> Result<Output, OpError> {
    let (home, look) = (fleet.home(), Look { key: key.clone(), releases: BTreeSet::new(), ports: BTreeSet::new() });
    let (services, history, seen) = tokio::try_join!(home.services(&key), home.history(&key, HISTORY), fleet.observe(&look))?;
    let components: Vec<Component> = services.into_iter().map(Component::from).collect();
    Ok(Output {
        key,
        healthy: components.iter().all(|component| component.healthy),
        components,
        deployment: serving(&history).filter(|record| serves(record)).map(RecordView::from),
        open: settle::open(&seen).map(Open::from),
    })
}

/// After an environment was taken away nothing serves.
fn serves(record: &DeploymentRecord) -> bool {
    record.intent != Intent::Down
}

impl From<Service> for Component {
    fn from(service: Service) -> Self {
        Self {
            name: service.name,
            release: service.served.map(|served| served.release),
            version: service.version,
            commit: service.commit,
            since: service.since,
            healthy: service.healthy,
            trouble: service.trouble,
            url: service.route.map(|route| url(&route.matches)),
            slots: service.slots,
        }
    }
}

impl From<&OpenDeployment> for Open {
    fn from(open: &OpenDeployment) -> Self {
        Self { id: open.id.clone(), holder: open.holder.clone(), stage: open.stage.clone(), lease_until: open.lease_until, expired: open.expired }
    }
}
