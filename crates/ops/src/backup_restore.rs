//! Puts the data of a backup in the place of what databases have.

use std::fmt;

use plimsoll_api::BackupWork;
use plimsoll_model::backup::{Content, Difference, Tables, differences};
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey, EnvironmentName};
use serde::{Deserialize, Serialize};

use crate::backups::{self, Backups};
use crate::workbench::until_cancelled;
use crate::{Approve, BackupView, Context, Exit, OpError, Progress};

/// What to bring back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The backup.
    pub id: BackupId,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
}

/// What was brought back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The backups whose data the databases have now; none when they had it already.
    pub restored: Vec<BackupView>,
    /// What the databases had before, backed up.
    pub before: Vec<BackupView>,
    /// What was lost from the databases by it. It is in `before`.
    pub losses: Vec<Loss>,
}

/// A table that has other rows than the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// Backs up what the databases have, tells what would be lost, and after a yes restores.
///
/// # Errors
/// The backup is none that counts, or of other migrations than the database has; nobody says yes; a deployment is under way; a host cannot be
/// reached, or a database fails.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, input.database.as_ref()).await?;
    let wanted = backups::chosen(backups.list().await?, &input.id, &backups.key)?;
    let (mut before, mut losses) = (Vec::new(), Vec::new());
    let id = backups.new_id();
    for view in &wanted {
        let then = reliable(view, &input.environment)?;
        // Nothing is deleted for it: what is to be restored may be the oldest of all.
        let work = BackupWork::Create { id: id.clone(), keep: u32::MAX };
        let taken = until_cancelled(context, backups.one(&view.backup.database, &work, "backing up what there is")).await?;
        if let Some(now) = taken.iter().find_map(|taken| taken.backup.content.as_ref()) {
            suits(view, then, now, &input.environment)?;
            losses.extend(lost(&view.backup.database, &now.tables, &then.tables));
        }
        before.extend(taken);
    }
    if losses.is_empty() && !before.is_empty() {
        return Ok(Output { key: backups.key, restored: Vec::new(), before, losses });
    }
    if !approve.approve_loss(&losses).await {
        return Err(unapproved(&losses, &input));
    }
    let mut restored = Vec::new();
    for view in wanted {
        let (database, id) = (view.backup.database, view.backup.id);
        restored.extend(backups.one(&database, &BackupWork::Restore { id: id.clone() }, &format!("restoring {id}")).await?);
    }
    Ok(Output { key: backups.key, restored, before, losses })
}

fn reliable<'a>(view: &'a BackupView, environment: &EnvironmentName) -> Result<&'a Content, OpError> {
    let id = &view.backup.id;
    let unreliable = || {
        let message = format!("backup {id} of {} does not count: it was never verified, or was found damaged", view.backup.database);
        OpError::new(Exit::Refused, "backup-unverified", message).with_help(format!("plimsoll backup verify {environment} {id}"))
    };
    view.backup.content.as_ref().filter(|_| view.counts).ok_or_else(unreliable)
}

/// What serves knows the schema that it has, and no other one.
fn suits(view: &BackupView, then: &Content, now: &Content, environment: &EnvironmentName) -> Result<(), OpError> {
    if then.applied == now.applied {
        return Ok(());
    }
    let (database, id) = (&view.backup.database, &view.backup.id);
    let message = format!(
        "backup {id} of {database} has {} migrations, and the database has {}: what serves would not know its schema",
        then.applied.len(),
        now.applied.len()
    );
    let deployment = then.origin.as_ref().and_then(|origin| origin.deployment.as_ref());
    let help = match deployment {
        Some(deployment) => format!("return to what served then (plimsoll rollback {environment} --to-deployment {deployment}), then restore"),
        None => "bring the database to those migrations first, then restore".into(),
    };
    Err(OpError::new(Exit::Refused, "backup-of-other-migrations", message).with_help(help))
}

fn lost(database: &ComponentName, now: &Tables, then: &Tables) -> Vec<Loss> {
    let rows = |tables: &Tables, table: &str| tables.get(table).map(|sum| sum.rows);
    let named = |difference: Difference| match difference {
        Difference::Missing { table } | Difference::Surplus { table } | Difference::Rows { table, .. } | Difference::Content { table } => table,
    };
    let loss = |table: String| Loss { database: database.clone(), rows_now: rows(now, &table), rows_then: rows(then, &table), table };
    differences(then, now).into_iter().map(named).map(loss).collect()
}

fn unapproved(losses: &[Loss], Input { environment, id, .. }: &Input) -> OpError {
    let what = losses.iter().map(Loss::to_string).collect::<Vec<_>>().join("; ");
    let error = OpError::new(Exit::Refused, "approval-missing", format!("nobody said yes to what would be lost: {what}"));
    let details = Some(serde_json::json!({ "losses": losses }));
    OpError { details, ..error.with_help(format!("say it beforehand: plimsoll backup restore {environment} {id} --yes")) }
}
