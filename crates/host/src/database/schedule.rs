//! What a host does for databases by itself: backups, as soon as the last one is old enough, and copies of them elsewhere.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use plimsoll_api::{BackupQuery, BackupWork, CopyQuery, CopyWork, SecretValues};
use plimsoll_model::backup::{Backup, Schedule};
use plimsoll_model::copy::CopySpec;
use plimsoll_model::plan::{Served, Target};
use plimsoll_model::time::Moment;
use plimsoll_model::{BackupId, ComponentName, ConfigHash, Digest, EnvironmentKey};

use super::{backups, copies};
use crate::clock::asleep;
use crate::host::Host;
use crate::world::World;

/// How long after one that failed the next one is tried, in milliseconds; sooner where they are taken more often.
const RETRY_MS: u64 = 3_600_000;

type Name = (EnvironmentKey, ComponentName);

/// What a host does for a database by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Care {
    /// When it backs it up.
    schedule: Option<Schedule>,
    /// Where it copies the backups.
    copy: Option<CopySpec>,
    /// What the values of its secrets belong to.
    config: ConfigHash,
}

impl Care {
    /// What is wanted of one that serves, if anything.
    pub(crate) fn of(served: &Served) -> Option<Self> {
        let Target::Database { schedule, copy, .. } = &served.target else { return None };
        let care = || Self { schedule: schedule.clone(), copy: copy.as_deref().cloned(), config: served.config };
        (schedule.is_some() || copy.is_some()).then(care)
    }
}

/// When something was tried last.
struct Tried {
    /// With this in mind: with other keys it is tried at once.
    care: Care,
    backup: Option<Moment>,
    copies: Option<Moment>,
    /// There while it is under way.
    copying: Weak<()>,
}

impl Tried {
    fn none(care: &Care) -> Self {
        Self { care: care.clone(), backup: None, copies: None, copying: Weak::new() }
    }
}

/// Takes what is due, as long as the host is there.
pub(crate) async fn watch(host: Weak<Host>, world: World) {
    let mut tried: BTreeMap<Name, Tried> = BTreeMap::new();
    loop {
        let Some(holder) = host.upgrade() else { return };
        let table = Arc::clone(&holder.table);
        let mut next: Option<Moment> = None;
        for (name, care) in table.cared_for().await {
            let tried = tried.entry(name.clone()).or_insert_with(|| Tried::none(&care));
            if tried.care != care {
                *tried = Tried::none(&care);
            }
            if let Some(schedule) = &care.schedule {
                next = next.into_iter().chain(take(&holder, &name, schedule, &mut tried.backup).await).min();
            }
            if let Some(spec) = &care.copy {
                next = next.into_iter().chain(copy(&holder, &name, spec, tried).await).min();
            }
        }
        drop(holder);
        asleep(&*world.clock, next, &table.scheduled).await;
    }
}

/// Takes one if it is due. Answers when the next one is; nothing while a deployment is under way, whose end is told.
async fn take(host: &Host, name: &Name, schedule: &Schedule, tried: &mut Option<Moment>) -> Option<Moment> {
    let (key, database) = name;
    let now = host.world.clock.now();
    let first = due(schedule, backups::newest(&there(host, name).await), *tried);
    if first > now {
        return Some(first);
    }
    if host.opened(key).await.is_some() {
        return None;
    }
    *tried = Some(now);
    let id = BackupId::stamped(now, &Digest::of_value(name));
    let work = BackupWork::Create { id, keep: schedule.keep };
    let query = BackupQuery { key: key.clone(), database: Some(database.clone()), work, by: host.about.actor.clone() };
    // That it failed is in the audit log, and `status` tells how old the last good one is.
    if let Err(error) = backups::carry_out(host, query).await {
        tracing::error!(%key, %database, %error, "a backup that was due could not be taken");
    }
    Some(due(schedule, backups::newest(&there(host, name).await), *tried))
}

/// Has copied what is not copied yet, which may take long and holds nothing else up. Answers when it is tried again; nothing when all is copied, or
/// while it is: its end is told.
async fn copy(host: &Arc<Host>, name: &Name, spec: &CopySpec, tried: &mut Tried) -> Option<Moment> {
    if tried.copying.strong_count() > 0 {
        return None;
    }
    if !copies::is_due(&there(host, name).await, spec) {
        tried.copies = None;
        return None;
    }
    let now = host.world.clock.now();
    if let Some(again) = tried.copies.map(|tried| tried.plus(RETRY_MS)).filter(|again| *again > now) {
        return Some(again);
    }
    tried.copies = Some(now);
    let under_way = Arc::new(());
    tried.copying = Arc::downgrade(&under_way);
    let (host, name) = (Arc::clone(host), name.clone());
    tokio::spawn(async move {
        put(&host, &name).await;
        drop(under_way);
        host.table.scheduled.notify_one();
    });
    None
}

async fn put(host: &Host, (key, database): &Name) {
    let (by, secrets) = (host.about.actor.clone(), SecretValues::default());
    let query = CopyQuery { key: key.clone(), database: database.clone(), at: None, secrets, work: CopyWork::Put, by };
    if let Err(error) = copies::carry_out(host, query).await {
        tracing::error!(%key, %database, %error, "backups could not be copied");
    }
}

async fn there(host: &Host, (key, database): &Name) -> Vec<Backup> {
    host.world.databases.list(key, database).await.unwrap_or_default()
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
