//! Settling what an earlier command left undecided, before anything else is done to the environment.

use std::collections::BTreeMap;

use plimsoll_api::{HostError, Look};
use plimsoll_engine::Fleet;
use plimsoll_engine::recover::{self, Settled};
use plimsoll_model::audit::Action;
use plimsoll_model::deployment::Holder;
use plimsoll_model::plan::{Observed, OpenDeployment};
use plimsoll_model::{EnvironmentKey, HostName};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::on_record::{self, Undone};
use crate::{Context, Event, OpError, Progress, hosts};

/// Looks at all hosts for who is about to do `action`; what was cut off there is settled first, and told.
pub(crate) async fn observe(
    context: &Context,
    fleet: &Fleet,
    (key, look): (&EnvironmentKey, &impl Fn(&HostName) -> Look),
    action: Action,
    progress: &Progress,
) -> Result<BTreeMap<HostName, Observed>, OpError> {
    let seen = fleet.observe(look).await?;
    match open(&seen) {
        None => Ok(seen),
        Some(open) => {
            settle(context, fleet, key, action, open, progress).await?;
            Ok(fleet.observe(look).await?)
        }
    }
}

/// Settles what was cut off, for who needs to know how it ended before anything can be planned.
pub(crate) async fn first(
    context: &Context,
    fleet: &Fleet,
    key: &EnvironmentKey,
    action: Action,
    progress: &Progress,
) -> Result<Option<Settled>, OpError> {
    let look = Look::at(key.clone());
    match open(&fleet.observe(|_| look.clone()).await?) {
        None => Ok(None),
        Some(open) => settle(context, fleet, key, action, open, progress).await.map(Some),
    }
}

/// The deployment that is not settled, if there is one.
pub(crate) fn open(seen: &BTreeMap<HostName, Observed>) -> Option<&OpenDeployment> {
    seen.values().find_map(|seen| seen.open.as_ref())
}

/// Settles `open`, unless whoever runs it is still at it.
async fn settle(
    context: &Context,
    fleet: &Fleet,
    key: &EnvironmentKey,
    action: Action,
    open: &OpenDeployment,
    progress: &Progress,
) -> Result<Settled, OpError> {
    if !open.expired && !is_dead(&open.holder, context) {
        let what = Undone { key, action, plan: None, reason: None };
        return Err(on_record::refused(context, fleet, what, held(open).into()).await);
    }
    on_record::settling(context, fleet, key, open).await?;
    drop(progress.send(Event::Settling { deployment: open.id.clone(), holder: open.holder.to_string() }));
    Ok(recover::settle(fleet, key, open).await?)
}

/// The lease says how long it lasts by the host's clock, which is ours or near it.
fn held(open: &OpenDeployment) -> HostError {
    HostError::LeaseHeld { id: open.id.clone(), holder: open.holder.clone(), expires_in_ms: open.lease_until.since(hosts::now()) }
}

/// Whether the holder was a process of this very machine and is no more: then nobody will renew its lease.
fn is_dead(holder: &Holder, context: &Context) -> bool {
    let pid = i32::try_from(holder.pid).ok().and_then(Pid::from_raw);
    holder.machine == context.holder.machine && pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use plimsoll_model::deployment::Holder;

    use super::*;
    use crate::tests::context;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a process that is surely gone is one that this test has started")]
    fn a_holder_is_dead_when_its_process_here_is_gone() {
        let mut ended = Command::new("true").spawn().unwrap();
        ended.wait().unwrap();
        let check = |machine: &str, pid: u32, expect: bool| {
            let holder = Holder { user: "u".into(), machine: machine.into(), pid, surface: "cli".into() };
            assert_eq!(is_dead(&holder, &context(std::path::Path::new("/nowhere"))), expect, "{machine} {pid}");
        };
        check("here", ended.id(), true);
        check("elsewhere", ended.id(), false);
        check("here", std::process::id(), false);
        check("here", 1, false);
        check("here", 0, false);
    }
}
