//! Beginning: the home host gives the deployment its name and the lease; then the others follow.

use plimsoll_api::{HostApi, HostError, Open, Opened, Order};
use plimsoll_model::{DeploymentId, HostName};

use crate::conduct::{Conduct, Note};
use crate::persist;

/// Opens the deployment on all hosts, or on none.
pub(crate) async fn run(conduct: &Conduct<'_>) -> Result<DeploymentId, HostError> {
    let home = conduct.fleet.home.clone();
    let id = one(conduct, &home, conduct.fleet.home(), None).await?.id;
    let opened = conduct.fleet.all(|name, host| {
        let (id, home) = (id.clone(), &home);
        async move { if name == home { Ok(()) } else { one(conduct, name, host, Some(id)).await.map(drop) } }
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

async fn one(conduct: &Conduct<'_>, name: &HostName, host: &dyn HostApi, id: Option<DeploymentId>) -> Result<Opened, HostError> {
    let open = Open {
        id,
        host: name.clone(),
        plan: conduct.plan.clone(),
        components: conduct.components.clone(),
        holder: conduct.holder.clone(),
        reason: conduct.reason.clone(),
        secrets: conduct.secrets.clone(),
    };
    plimsoll_crashpoint::reach!("operator: before open");
    let opened = host.open(open).await;
    plimsoll_crashpoint::reach!("operator: after open");
    opened
}
