//! Beginning: the home host gives the deployment its name and the lease; then the others follow.

use plimsoll_api::{Certificates, HostApi, HostError, Open, Opened, Order, SecretValues};
use plimsoll_model::deployment::{DeploymentRecord, Stage};
use plimsoll_model::route::Tls;
use plimsoll_model::{ComponentName, DeploymentId, HostName};

use crate::conduct::{Conduct, Note};
use crate::persist;

/// Opens the deployment on all hosts, or on none.
pub(crate) async fn run(conduct: &Conduct<'_>) -> Result<DeploymentId, HostError> {
    let home = conduct.fleet.home.clone();
    let id = at_home(conduct).await?;
    let opened = conduct.fleet.all(|name, host| {
        let (id, home) = (id.clone(), &home);
        async move { if name == home { Ok(()) } else { persist::ask(conduct, name, || one(conduct, name, host, Some(&id))).await.map(drop) } }
    });
    let refused = opened.await.into_values().find_map(Result::err);
    match refused {
        None => {
            conduct.note(Note::Opened { deployment: id.clone() });
            Ok(id)
        }
        Some(error) => {
            let order = Order::RollBack { failure: error.to_failure() };
            conduct.fleet.all(|name, host| persist::order(conduct, name, host, &id, order.clone())).await;
            Err(error)
        }
    }
}

/// Begins at the home host. Where the answer was lost, its record tells whether it has begun: only if it has not, it is asked again.
async fn at_home(conduct: &Conduct<'_>) -> Result<DeploymentId, HostError> {
    let home = &conduct.fleet.home;
    match one(conduct, home, conduct.fleet.home(), None).await {
        Err(HostError::Unreachable { .. }) => persist::ask(conduct, home, || again(conduct)).await,
        opened => opened.map(|opened| opened.id),
    }
}

async fn again(conduct: &Conduct<'_>) -> Result<DeploymentId, HostError> {
    if let Some(id) = begun(conduct).await? {
        return Ok(id);
    }
    match one(conduct, &conduct.fleet.home, conduct.fleet.home(), None).await {
        // The question before was carried out after all, later than we have looked.
        Err(held @ HostError::LeaseHeld { .. }) => begun(conduct).await?.ok_or(held),
        opened => opened.map(|opened| opened.id),
    }
}

/// The deployment of this very plan that this very process has begun, if there is one that is not over.
async fn begun(conduct: &Conduct<'_>) -> Result<Option<DeploymentId>, HostError> {
    let newest = conduct.fleet.home().history(&conduct.plan.key, 1).await?.into_iter().next();
    let is_ours = |record: &DeploymentRecord| record.stage == Stage::Running && record.holder == conduct.holder && record.plan == conduct.plan.hash();
    Ok(newest.filter(is_ours).map(|record| record.id))
}

async fn one(conduct: &Conduct<'_>, name: &HostName, host: &dyn HostApi, id: Option<&DeploymentId>) -> Result<Opened, HostError> {
    let open = Open {
        id: id.cloned(),
        host: name.clone(),
        plan: conduct.plan.clone(),
        components: conduct.components.clone(),
        holder: conduct.holder.clone(),
        reason: conduct.reason.clone(),
        idempotency_key: conduct.idempotency_key.clone(),
        secrets: secrets(conduct, name),
        certificates: certificates(conduct, name),
    };
    plimsoll_crashpoint::reach!("operator: before open");
    let opened = host.open(open).await;
    plimsoll_crashpoint::reach!("operator: after open");
    opened
}

/// The values of what goes to a host: what is not there needs none.
fn secrets(conduct: &Conduct<'_>, name: &HostName) -> SecretValues {
    let values = |(component, _): (&ComponentName, _)| Some((component.clone(), conduct.secrets.0.get(component)?.clone()));
    SecretValues(conduct.plan.desired.on(name).filter_map(values).collect())
}

/// The certificates of what goes to a host.
fn certificates(conduct: &Conduct<'_>, name: &HostName) -> Certificates {
    let tls = conduct.plan.desired.on(name).filter_map(|(_, wanted)| wanted.route.as_ref()?.tls.as_ref());
    let certificate = |tls: &Tls| Some((tls.certificate, conduct.certificates.0.get(&tls.certificate)?.clone()));
    Certificates(tls.filter_map(certificate).collect())
}
