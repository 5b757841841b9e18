//! Bringing data back: what would be lost is found out, said and kept before anything is.

use std::collections::BTreeSet;
use std::{fmt, mem};

use plimsoll_api::BackupWork;
use plimsoll_model::backup::{Content, Difference, Tables, differences};
use plimsoll_model::{BackupId, ComponentName, DeploymentId, Digest, EnvironmentName};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backups::Backups;
use crate::workbench::until_cancelled;
use crate::{Approve, BackupView, Context, Exit, OpError};

/// What came of bringing data back.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Restored {
    /// The backups whose data the databases have now; none when they had it already.
    pub restored: Vec<BackupView>,
    /// What the databases had before, backed up.
    pub before: Vec<BackupView>,
    /// What was lost from the databases by it. It is in `before`.
    pub losses: Vec<Loss>,
}

/// A table that has other rows than the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Loss {
    /// The database.
    pub database: ComponentName,
    /// The table.
    pub table: String,
    /// How many rows it has; none when it is not there.
    pub rows_now: Option<u64>,
    /// How many it has in the backup.
    pub rows_then: Option<u64>,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { database, table, rows_now, rows_then } = self;
        match (rows_now, rows_then) {
            (Some(now), Some(then)) if now == then => {
                write!(f, "{database}: {table} has {}, as many as in the backup, and not the same", rows(*now))
            }
            (Some(now), Some(then)) => write!(f, "{database}: {table} has {}, and {then} in the backup", rows(*now)),
            (Some(now), None) => write!(f, "{database}: {table} has {}, and is not in the backup", rows(*now)),
            (None, then) => write!(f, "{database}: {table} is gone, and has {} in the backup", rows(then.unwrap_or_default())),
        }
    }
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".into() } else { format!("{count} rows") }
}

/// Backups that are to be brought back.
pub(crate) struct Restoring<'a> {
    backups: Backups<'a>,
    environment: EnvironmentName,
    wanted: Vec<BackupView>,
    before: Vec<BackupView>,
    losses: Vec<Loss>,
    restored: Vec<BackupView>,
}

impl<'a> Restoring<'a> {
    /// Backs up what the databases have, and compares that with what they would have.
    pub(crate) async fn weigh(
        context: &Context,
        backups: Backups<'a>,
        wanted: Vec<BackupView>,
        environment: &EnvironmentName,
    ) -> Result<Self, OpError> {
        let (mut before, mut losses) = (Vec::new(), Vec::new());
        let id = backups.new_id();
        for view in &wanted {
            let then = reliable(view, environment)?;
            // Nothing is deleted for it: what is to be restored may be the oldest of all.
            let work = BackupWork::Create { id: id.clone(), keep: u32::MAX };
            let taken = until_cancelled(context, backups.one(&view.backup.database, &work, "backing up what there is")).await?;
            if let Some(now) = taken.iter().find_map(|taken| taken.backup.content.as_ref()) {
                losses.extend(lost(&view.backup.database, &now.tables, &then.tables));
            }
            before.extend(taken);
        }
        Ok(Self { backups, environment: environment.clone(), wanted, before, losses, restored: Vec::new() })
    }

    /// Leaves alone what a deployment has put back itself: what these databases had right before that is in the backups that it took.
    pub(crate) async fn leave(&mut self, databases: &BTreeSet<ComponentName>, deployment: Option<&DeploymentId>) {
        let (done, open) = mem::take(&mut self.wanted).into_iter().partition(|view| databases.contains(&view.backup.database));
        (self.restored, self.wanted) = (done, open);
        // Where they cannot be told now, those that were weighed are nearly the same.
        let mut taken = self.backups.list().await.unwrap_or_default();
        let kept = deployment.map(BackupId::from);
        taken.retain(|view| Some(&view.backup.id) == kept.as_ref() && databases.contains(&view.backup.database));
        self.before.retain(|view| taken.iter().all(|taken| taken.backup.database != view.backup.database));
        self.before.extend(taken);
    }

    /// Refuses backups of other migrations than the databases have: what serves knows the schema that it has, and no other one.
    pub(crate) fn suits(&self) -> Result<(), OpError> {
        for view in &self.wanted {
            let now = self.before.iter().find(|before| before.backup.database == view.backup.database);
            let (then, now) = (view.backup.content.as_ref(), now.and_then(|now| now.backup.content.as_ref()));
            if let (Some(then), Some(now)) = (then, now)
                && (then.applied != now.applied || of_tool(view, then) != of_tool(view, now))
            {
                return Err(unsuited(view, then, now, &self.environment));
            }
        }
        Ok(())
    }

    /// Waits for a yes to what is lost, where something is.
    pub(crate) async fn ask(&self, approve: &dyn Approve, command: &str) -> Result<(), OpError> {
        if self.losses.is_empty() || approve.approve_loss(&self.losses).await { Ok(()) } else { Err(unapproved(&self.losses, command)) }
    }

    /// What brings it back, called by hand.
    pub(crate) fn by_hand(&self) -> String {
        let command =
            |view: &BackupView| format!("plimsoll backup restore {} {} --database {}", self.environment, view.backup.id, view.backup.database);
        self.wanted.iter().map(command).collect::<Vec<_>>().join(" && ")
    }

    /// Brings it back.
    pub(crate) async fn put_back(self) -> Result<Restored, OpError> {
        let Self { backups, wanted, before, losses, mut restored, .. } = self;
        for view in wanted {
            let (database, id) = (view.backup.database, view.backup.id);
            restored.extend(backups.one(&database, &BackupWork::Restore { id: id.clone() }, &format!("restoring {id}")).await?);
        }
        Ok(Restored { restored, before, losses })
    }

    /// That the databases have it already.
    pub(crate) fn needless(&self) -> Option<Restored> {
        let is_same = self.losses.is_empty() && !self.before.is_empty();
        is_same.then(|| Restored { restored: Vec::new(), before: self.before.clone(), losses: Vec::new() })
    }
}

/// The content of its migrations, where a tool of the project's own has applied them.
fn of_tool<'a>(view: &BackupView, content: &'a Content) -> Option<&'a Digest> {
    content.origin.as_ref()?.files.get(&view.backup.database)
}

fn reliable<'a>(view: &'a BackupView, environment: &EnvironmentName) -> Result<&'a Content, OpError> {
    let id = &view.backup.id;
    let unreliable = || {
        let message = format!("backup {id} of {} does not count: it was never verified, or was found damaged", view.backup.database);
        OpError::new(Exit::Refused, "backup-unverified", message).with_help(format!("plimsoll backup verify {environment} {id}"))
    };
    view.backup.content.as_ref().filter(|_| view.counts).ok_or_else(unreliable)
}

fn unsuited(view: &BackupView, then: &Content, now: &Content, environment: &EnvironmentName) -> OpError {
    let (database, id) = (&view.backup.database, &view.backup.id);
    let has = match (then.applied.len(), now.applied.len()) {
        (then, now) if then != now => format!("has {then} migrations, and the database has {now}"),
        _ => "has other migrations than the database".into(),
    };
    let message = format!("backup {id} of {database} {has}: what serves would not know its schema");
    let deployment = then.origin.as_ref().and_then(|origin| origin.deployment.as_ref());
    let help = match deployment {
        Some(deployment) => format!("return to what served then (plimsoll rollback {environment} --to-deployment {deployment}), then restore"),
        None => "bring the database to those migrations first, then restore".into(),
    };
    OpError::new(Exit::Refused, "backup-of-other-migrations", message).with_help(help)
}

/// The book of migrations is not among it: that belongs to the schema.
fn lost(database: &ComponentName, now: &Tables, then: &Tables) -> Vec<Loss> {
    let rows = |tables: &Tables, table: &str| tables.get(table).map(|sum| sum.rows);
    let named = |difference: Difference| match difference {
        Difference::Missing { table } | Difference::Surplus { table } | Difference::Rows { table, .. } | Difference::Content { table } => table,
    };
    let loss = |table: String| Loss { database: database.clone(), rows_now: rows(now, &table), rows_then: rows(then, &table), table };
    differences(then, now).into_iter().map(named).filter(|table| !table.ends_with("_sqlx_migrations")).map(loss).collect()
}

fn unapproved(losses: &[Loss], command: &str) -> OpError {
    let what = losses.iter().map(Loss::to_string).collect::<Vec<_>>().join("; ");
    let error = OpError::new(Exit::Refused, "approval-missing", format!("nobody said yes to what would be lost: {what}"));
    let details = Some(serde_json::json!({ "losses": losses }));
    OpError { details, ..error.with_help(format!("say it beforehand: {command} --yes")) }
}
