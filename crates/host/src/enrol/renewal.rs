//! Renewal: by the host itself when a certificate is due, and when somebody asks for it.

use std::sync::{Arc, Weak};

use plimsoll_api::Enrolled;
use plimsoll_model::EnvironmentKey;
use plimsoll_model::audit::{Action, Actor, Deed, Ending};
use plimsoll_model::time::Moment;

use super::{Need, Wanted, issue};
use crate::audit;
use crate::clock::{LONGEST_SLEEP_MS, asleep};
use crate::host::Host;
use crate::trouble::Trouble;
use crate::world::World;

/// Renews what is due, as long as the host is there.
pub(crate) async fn watch(host: Weak<Host>, world: World) {
    // A daemon that was killed while it asked may have left its proof.
    if let Err(trouble) = world.enrolments.hide().await {
        tracing::warn!(%trouble, "a proof of before could not be taken away");
    }
    loop {
        let Some(holder) = host.upgrade() else { return };
        let table = Arc::clone(&holder.table);
        let next = match due(&holder).await {
            Ok(next) => next,
            Err(trouble) => {
                tracing::error!(%trouble, "which certificates are due cannot be told");
                Some(world.clock.now().plus(LONGEST_SLEEP_MS))
            }
        };
        drop(holder);
        asleep(&*world.clock, next, &table.changed).await;
    }
}

/// Renews what is due. Answers when the next one is.
async fn due(host: &Host) -> Result<Option<Moment>, Trouble> {
    let mut next: Option<Moment> = None;
    for wanted in host.table.enrolled().await {
        let record = async || host.world.enrolments.record(&wanted.key, wanted.enrolment.digest()).await;
        if record().await?.next_at().is_none_or(|at| at <= host.world.clock.now()) {
            // It is on record and shown from there, and what serves goes on.
            let _ = renewed(host, &wanted, Need::Fresh, &host.about.actor).await;
        }
        let now = host.world.clock.now();
        let again = record().await?.next_at().filter(|at| *at > now).unwrap_or(now.plus(LONGEST_SLEEP_MS));
        next = Some(next.map_or(again, |next| next.min(again)));
    }
    Ok(next)
}

/// Renews the certificates of an environment because somebody asks for it: those that are due, or all of them.
pub(crate) async fn on_demand(host: &Host, key: &EnvironmentKey, force: bool, by: &Actor) -> Result<Vec<Enrolled>, Trouble> {
    let need = if force { Need::New } else { Need::Fresh };
    let (mut told, mut first) = (Vec::new(), None);
    for wanted in host.table.enrolled().await.into_iter().filter(|wanted| wanted.key == *key) {
        if let Err(trouble) = renewed(host, &wanted, need, by).await {
            first.get_or_insert(trouble);
        }
        let record = host.world.enrolments.record(key, wanted.enrolment.digest()).await?;
        told.push(record.tell(wanted.enrolment));
    }
    first.map_or(Ok(told), Err)
}

/// Has a new certificate shown where the old one was. Both are put on record: that it is, and that it is not to be had.
async fn renewed(host: &Host, wanted: &Wanted, need: Need, by: &Actor) -> Result<(), Trouble> {
    let came = match issue(&host.world, &host.table, wanted, need).await {
        Ok(false) => return Ok(()),
        Ok(true) => host.table.certify(&host.world).await,
        Err(trouble) => Err(trouble),
    };
    let ending = if came.is_ok() { Ending::Done } else { Ending::Failed };
    let deed = Deed { environment: Some(wanted.key.clone()), ..Deed::new(by.clone(), Action::CertificateRenewal, ending) };
    let deed = match &came {
        Ok(()) => Deed { note: Some(wanted.enrolment.host.clone()), ..deed },
        Err(trouble) => {
            tracing::error!(host = wanted.enrolment.host, %trouble, "a certificate could not be renewed");
            deed.because(trouble)
        }
    };
    audit::tell(host, &deed).await;
    came
}
