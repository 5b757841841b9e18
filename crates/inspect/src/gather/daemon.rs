//! What the daemon tells.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::{HostApi, HostError, Look, whole_audit};
use plimsoll_model::EnvironmentKey;
use plimsoll_model::audit::verify_whole;

use crate::{Asked, Audit, Daemon, Environment, Facts};

/// Asks it everything. What it refuses is not seen: a project of another login, the audit log of a machine that several share.
pub(super) async fn ask(host: &dyn HostApi, asked: &Asked, facts: &mut Facts) {
    match host.facts().await {
        Err(error) => facts.daemon = Daemon::Fails(error.to_failure()),
        Ok(told) => {
            let mut wanted: BTreeMap<EnvironmentKey, BTreeSet<u16>> = told.environments.iter().map(|key| (key.clone(), BTreeSet::new())).collect();
            if let Some(key) = &asked.environment {
                wanted.entry(key.clone()).or_default().extend(&asked.ports);
            }
            facts.daemon = Daemon::Answers(Box::new(told));
            for (key, ports) in wanted {
                facts.environments.extend(environment(host, key, ports).await.ok());
            }
            facts.audit = audit(host).await.ok();
        }
    }
}

async fn environment(host: &dyn HostApi, key: EnvironmentKey, mut ports: BTreeSet<u16>) -> Result<Environment, HostError> {
    let services = host.services(&key).await?;
    ports.extend(services.iter().filter_map(|service| service.route.as_ref()).flat_map(|route| route.ports()));
    let observed = host.observe(Look { ports, ..Look::at(key.clone()) }).await?;
    Ok(Environment { key, services, observed })
}

async fn audit(host: &dyn HostApi) -> Result<Audit, HostError> {
    let log = whole_audit(host).await?;
    let broken = verify_whole(&log.anchor, &log.rows, &log.head).err().map(|found| found.to_string());
    Ok(Audit { rows: log.rows.len() as u64, broken })
}
