//! What a host tells its audit log besides its journal: what it refused, what callers note, that it began or was ended.

use plimsoll_api::{HostError, Open};
use plimsoll_model::audit::{Action, Actor, Deed, Ending, KEPT_MS};
use plimsoll_model::time::Moment;

use crate::Host;
use crate::ledger::Build;
use crate::trouble::Trouble;

/// The daemon begins: another build than before is put on record, and entries that were kept for long enough go.
pub(crate) async fn begin(host: &Host) -> Result<(), Trouble> {
    let (ledger, now, by) = (&host.world.ledger, host.world.clock.now(), &host.about.actor);
    let build = Build { version: env!("CARGO_PKG_VERSION").into(), build: host.about.build.clone() };
    ledger.take_over(now, &build, by).await?;
    let keep_from = Moment(now.0.saturating_sub(i64::try_from(KEPT_MS).unwrap_or(i64::MAX)));
    ledger.prune_audit(now, keep_from, by).await
}

/// A deployment was refused. Answers the refusal; that it could not be put on record does not make it another one.
pub(crate) async fn refused(host: &Host, open: &Open, error: HostError) -> HostError {
    let deed = Deed {
        environment: Some(open.plan.key.clone()),
        deployment: open.id.clone(),
        plan: Some(open.plan.hash()),
        reason: open.reason.clone(),
        ..Deed::new(Actor::from(&open.holder), Action::of(&open.plan.intent), Ending::Refused)
    };
    tell(host, &deed.because(&error.to_failure())).await;
    error
}

/// Something that a caller did or was refused before it came to this host.
pub(crate) async fn note(host: &Host, deed: Deed) -> Result<(), HostError> {
    let of_deployment = matches!(deed.action, Action::Deploy | Action::Rollback | Action::Migrate | Action::Down);
    let of_host = match deed.action {
        Action::AutomaticRollback
        | Action::HostStop
        | Action::Prune
        | Action::CertificateRenewal
        | Action::Backup
        | Action::Restore
        | Action::Approval => true,
        Action::Deploy | Action::Rollback | Action::Migrate | Action::Down | Action::Resume | Action::HostKeys | Action::HostUpgrade => false,
    };
    if of_host || (of_deployment && deed.outcome != Ending::Refused) || deed.pruned.is_some() {
        return Err(HostError::Unfit(format!("{} is put on record by the host that does it", deed.action)));
    }
    host.world.ledger.tell(host.world.clock.now(), &deed).await.map_err(HostError::Internal)
}

/// The daemon is about to be ended. A full disk must not keep it from that.
pub(crate) async fn stopping(host: &Host, everything: bool, by: &Actor) {
    let what = if everything { "the daemon, the proxy and all slots" } else { "the daemon alone" };
    tell(host, &Deed { note: Some(what.into()), ..Deed::new(by.clone(), Action::HostStop, Ending::Begun) }).await;
}

/// Tells the log of a deed that has happened, whether or not it can be told.
pub(crate) async fn tell(host: &Host, deed: &Deed) {
    if let Err(trouble) = host.world.ledger.tell(host.world.clock.now(), deed).await {
        tracing::error!(%trouble, ?deed, "this could not be put on record");
    }
}
