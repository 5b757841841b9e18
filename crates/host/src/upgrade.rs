//! Replacing the proxy by one of the daemon's own build. Slots and their keepers are not touched, and no request is lost.

use plimsoll_api::{HostError, Program, Replaced, Upgraded};
use plimsoll_model::audit::{Action, Actor, Deed, Ending};
use plimsoll_model::deployment::Failure;

use crate::Host;
use crate::trouble::Trouble;
use crate::{audit, program};

/// Replaces it when it is of another build, unless a deployment is under way: both would change what the proxy serves.
pub(crate) async fn run(host: &Host, by: &Actor) -> Result<Upgraded, HostError> {
    if host.busy().await {
        let refusal = HostError::Refused(busy());
        audit::tell(host, &upgrade(by, Ending::Refused).because(&refusal.to_failure())).await;
        return Err(refusal);
    }
    match replace_proxy(host).await {
        Ok(None) => Ok(Upgraded::default()),
        Ok(Some(replaced)) => {
            let note = format!("proxy of {} after {}", named(&replaced.to), named(&replaced.from));
            audit::tell(host, &Deed { note: Some(note), ..upgrade(by, Ending::Done) }).await;
            Ok(Upgraded { proxy: Some(replaced) })
        }
        Err(trouble) => {
            audit::tell(host, &upgrade(by, Ending::Failed).because(&trouble)).await;
            Err(HostError::Failed(trouble))
        }
    }
}

async fn replace_proxy(host: &Host) -> Result<Option<Replaced>, Trouble> {
    let from = program::proxy(host).await?;
    if !host.world.router.upgrade().await? {
        return Ok(None);
    }
    let to = program::proxy(host).await?;
    Ok(from.zip(to).map(|(from, to)| Replaced { from, to }))
}

fn upgrade(by: &Actor, outcome: Ending) -> Deed {
    Deed::new(by.clone(), Action::HostUpgrade, outcome)
}

fn busy() -> Failure {
    let failure = Failure::new("host-busy", "a deployment is under way on this host, and an upgrade has to wait for it");
    failure.with_help("try again when it has ended; plimsoll host facts tells whether it has")
}

fn named(program: &Program) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "unknown".into());
    format!("version {} (build {})", part(&program.version), part(&program.build))
}
