//! Backups that a host takes by itself, as soon as the last one is old enough.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use plimsoll_api::{BackupQuery, BackupWork};
use plimsoll_model::backup::{Backup, Schedule};
use plimsoll_model::time::Moment;
use plimsoll_model::{BackupId, ComponentName, Digest, EnvironmentKey};

use super::backups;
use crate::clock::asleep;
use crate::host::Host;
use crate::world::World;

/// How long after one that failed the next one is tried, in milliseconds; sooner where they are taken more often.
const RETRY_MS: u64 = 3_600_000;

type Name = (EnvironmentKey, ComponentName);

/// Takes what is due, as long as the host is there.
pub(crate) async fn watch(host: Weak<Host>, world: World) {
    let mut tried = BTreeMap::new();
    loop {
        let Some(holder) = host.upgrade() else { return };
        let table = Arc::clone(&holder.table);
        let mut next: Option<Moment> = None;
        for (name, schedule) in table.schedules().await {
            let again = take(&holder, &name, &schedule, &mut tried).await;
            next = next.into_iter().chain(again).min();
        }
        drop(holder);
        asleep(&*world.clock, next, &table.scheduled).await;
    }
}

/// Takes one if it is due. Answers when the next one is; nothing while a deployment is under way, whose end is told.
async fn take(host: &Host, name: &Name, schedule: &Schedule, tried: &mut BTreeMap<Name, Moment>) -> Option<Moment> {
    let (key, database) = name;
    let due = |tried: Option<&Moment>, there: &[Backup]| due(schedule, backups::newest(there), tried.copied());
    let there = async || host.world.databases.list(key, database).await.unwrap_or_default();
    let now = host.world.clock.now();
    let first = due(tried.get(name), &there().await);
    if first > now {
        return Some(first);
    }
    if host.opened(key).await.is_some() {
        return None;
    }
    tried.insert(name.clone(), now);
    let id = BackupId::stamped(now, &Digest::of_value(name));
    let work = BackupWork::Create { id, keep: schedule.keep };
    let query = BackupQuery { key: key.clone(), database: Some(database.clone()), work, by: host.about.actor.clone() };
    // That it failed is in the audit log, and `status` tells how old the last good one is.
    if let Err(error) = backups::carry_out(host, query).await {
        tracing::error!(%key, %database, %error, "a backup that was due could not be taken");
    }
    Some(due(tried.get(name), &there().await))
}

/// When the next one is due, where the newest is of `newest` and one was tried at `tried`.
fn due(schedule: &Schedule, newest: Option<Moment>, tried: Option<Moment>) -> Moment {
    let aged = newest.map_or(Moment(0), |newest| newest.plus(schedule.every_ms));
    tried.map_or(aged, |tried| aged.max(tried.plus(schedule.every_ms.min(RETRY_MS))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_due_when_the_last_is_old_and_not_again_at_once() {
        let hours = |hours: i64| Moment(hours * 3_600_000);
        let check = |every: i64, newest: Option<i64>, tried: Option<i64>, expect: i64| {
            let schedule = Schedule { every_ms: hours(every).0.unsigned_abs(), keep: 5 };
            assert_eq!(due(&schedule, newest.map(hours), tried.map(hours)), hours(expect));
        };
        check(24, None, None, 0);
        check(24, Some(10), None, 34);
        check(24, Some(10), Some(10), 34);
        check(24, Some(10), Some(34), 35);
        check(24, None, Some(3), 4);
    }
}
