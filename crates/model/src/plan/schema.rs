//! What leads a database from the migrations that it has to those that it shall have.

use std::collections::BTreeMap;

use super::{Intent, Served, Target};
use crate::ReleaseId;
use crate::database::{Applied, Direction, Migration};

/// One migration, one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The migration.
    pub migration: Migration,
    /// Which way it is run.
    pub direction: Direction,
    /// The release that holds its files.
    pub release: ReleaseId,
}

/// Why there is no way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaTrouble {
    /// A migration broke off in a database that cannot take changes back.
    #[error("migration {0} was begun and never finished")]
    Half(String),
    /// A migration was edited after it had been applied.
    #[error("migration {0} is not what was applied: its file was changed since")]
    Changed(Migration),
    /// The database has a migration that the source does not know.
    #[error("the database has migration {0}, and the source does not")]
    Missing(String),
    /// A migration would come before one that is there already.
    #[error("migration {0} would come before {1}, which is applied already")]
    OutOfOrder(Migration, Migration),
    /// A migration is to be undone and nothing says how.
    #[error("migration {0} cannot be undone: it has no `down` file")]
    Irreversible(Migration),
    /// The project's own tool is to undo migrations, and nothing says how.
    #[error("migrations are to be undone, and `migrate` has no `down`")]
    OneWay,
    /// The project's own tool would have to undo migrations and to apply others.
    #[error("the tool would have to undo {undo} and to apply {apply} at once")]
    Crossed {
        /// The file of one to undo.
        undo: String,
        /// That of one to apply.
        apply: String,
    },
    /// There are migrations to undo, and others to apply.
    #[error("migration {undo} would have to be undone and {apply} to be applied at once")]
    Diverged {
        /// One to undo.
        undo: Migration,
        /// One to apply.
        apply: Migration,
    },
}

/// What undoes the rest.
const PUT_BACK: &str = "`plimsoll rollback ENV --restore-data` brings the data of that time back instead, and says first what is lost by it";

impl SchemaTrouble {
    /// Stable name of the kind of trouble.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Half(_) => "migration-half-applied",
            Self::Changed(_) => "migration-changed",
            Self::Missing(_) => "migration-missing",
            Self::OutOfOrder(..) => "migration-out-of-order",
            Self::Irreversible(_) | Self::OneWay => "migration-irreversible",
            Self::Diverged { .. } | Self::Crossed { .. } => "migrations-diverged",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Half(_) => "look what of it is there, bring the schema to one side by hand, and correct its row in `_sqlx_migrations`".into(),
            Self::Changed(migration) => {
                format!("bring back {} as it was, and write what is new into a migration of its own", migration.file(Direction::Up))
            }
            Self::Missing(_) => "bring its files back; to return to an earlier deployment, `plimsoll rollback` undoes what came after it".into(),
            Self::OutOfOrder(late, _) => format!("give {late} a higher number than all that are applied"),
            Self::Irreversible(migration) => {
                format!("write {} and deploy it, or go forward with a new migration; {PUT_BACK}", migration.file(Direction::Down))
            }
            Self::OneWay => {
                let down = "write the command that leads back to $PLIMSOLL_TARGET as `down` and deploy it, or go forward with a new migration";
                format!("{down}; {PUT_BACK}")
            }
            Self::Diverged { .. } | Self::Crossed { .. } => "roll back to a deployment whose migrations all come before these, then deploy".into(),
        }
    }
}

/// The migrations of a release.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    /// In their order.
    pub migrations: &'a [Migration],
    /// The release.
    pub release: ReleaseId,
}

impl<'a> Held<'a> {
    /// Those of what serves.
    pub(super) fn served(served: &'a Served) -> Option<Self> {
        match &served.target {
            Target::Database { migrations, .. } => Some(Self { migrations, release: served.release }),
            _ => None,
        }
    }
}

/// The moves that lead from what is `applied` to what is `wanted`. A deployment never undoes. A rollback does: there it is known that the program
/// before suits the schema of its time; and so does who asks for just that.
///
/// # Errors
/// There is no way, or none that would be safe.
pub(super) fn moves(wanted: Held<'_>, served: Option<Held<'_>>, applied: &[Applied], intent: &Intent) -> Result<Vec<Move>, SchemaTrouble> {
    let known: BTreeMap<i64, &Migration> = wanted.migrations.iter().map(|migration| (migration.version, migration)).collect();
    judge(&known, applied)?;
    let surplus = || applied.iter().filter(|applied| !known.contains_key(&applied.version));
    let pending = || wanted.migrations.iter().filter(|migration| !applied.iter().any(|applied| applied.version == migration.version));
    let back = matches!(intent, Intent::Rollback { .. } | Intent::Migrate);
    match (surplus().next(), pending().next()) {
        (Some(stray), _) if !back => Err(SchemaTrouble::Missing(told(stray))),
        (Some(_), apply) => {
            let mut undo = surplus().map(|applied| undone(applied, served)).collect::<Result<Vec<_>, _>>()?;
            undo.sort_by_key(|undo| std::cmp::Reverse(undo.migration.version));
            match apply {
                None => Ok(undo),
                Some(apply) => Err(SchemaTrouble::Diverged { undo: undo[0].migration.clone(), apply: apply.clone() }),
            }
        }
        (None, _) => {
            Ok(pending().map(|migration| Move { migration: migration.clone(), direction: Direction::Up, release: wanted.release }).collect())
        }
    }
}

/// Whether what is applied is what is known, and nothing is missing before it.
fn judge(known: &BTreeMap<i64, &Migration>, applied: &[Applied]) -> Result<(), SchemaTrouble> {
    if let Some(half) = applied.iter().find(|applied| !applied.whole) {
        return Err(SchemaTrouble::Half(told(half)));
    }
    let same = applied.iter().filter_map(|applied| Some((applied, *known.get(&applied.version)?)));
    if let Some((_, changed)) = same.clone().find(|(applied, known)| applied.checksum != known.up) {
        return Err(SchemaTrouble::Changed(changed.clone()));
    }
    let Some((_, last)) = same.max_by_key(|(applied, _)| applied.version) else { return Ok(()) };
    let skipped = known.range(..last.version).find(|(version, _)| !applied.iter().any(|applied| applied.version == **version));
    skipped.map_or(Ok(()), |(_, late)| Err(SchemaTrouble::OutOfOrder((*late).clone(), last.clone())))
}

fn undone(applied: &Applied, served: Option<Held<'_>>) -> Result<Move, SchemaTrouble> {
    let of =
        |held: Held<'_>| held.migrations.iter().find(|migration| migration.version == applied.version).map(|found| (found.clone(), held.release));
    let (migration, release) = served.and_then(of).ok_or_else(|| SchemaTrouble::Missing(told(applied)))?;
    match (&migration.down, migration.up == applied.checksum) {
        (_, false) => Err(SchemaTrouble::Changed(migration)),
        (None, _) => Err(SchemaTrouble::Irreversible(migration)),
        (Some(_), true) => Ok(Move { migration, direction: Direction::Down, release }),
    }
}

fn told(applied: &Applied) -> String {
    format!("{} ({})", applied.version, applied.description)
}
