//! Databases: brought from the migrations that they have to those that they shall have, one by one, while what uses them runs on.
//!
//! First comes a backup, where the environment wants one; or the data of one, where no migration leads back. What is applied comes before the programs that need it. What is taken back goes after the decision, when nothing can be undone any more that
//! would want its rows again, and nobody uses it.

use super::{Site, Target};
use crate::database::{DatabaseSpec, Direction};
use crate::plan::{DatabaseAt, Move, Step, Steps, ToolRun};

/// What serves when a database is as `spec` says.
#[must_use]
pub fn target(spec: &DatabaseSpec) -> Target {
    let DatabaseSpec { engine, location, migrations, own, schedule, copy, .. } = spec.clone();
    Target::Database { engine, location, migrations, own, schedule, copy: copy.map(Box::new) }
}

/// The steps that make these moves, or run the project's own tool, and record what the database has then.
#[must_use]
pub fn steps(site: &Site<'_>, spec: &DatabaseSpec, moves: &[Move], run: Option<&ToolRun>) -> Steps {
    let database = || DatabaseAt::of(spec, site.wanted.config());
    let migrate = |Move { migration, direction, release }: &Move| Step::Migrate {
        database: database(),
        release: *release,
        migration: migration.clone(),
        direction: *direction,
    };
    let tool = |direction| run.filter(|run| run.direction == direction).cloned().map(Step::RunTool);
    let way = |direction| moves.iter().filter(move |one| one.direction == direction).map(&migrate).chain(tool(direction));
    let back_up = |keep| Step::BackUp { database: database(), keep };
    let first = match (site.restore.cloned(), site.put_back.cloned()) {
        (Some(backup), _) => vec![Step::Restore { database: database(), backup }],
        // Nothing is deleted for it: what is put back may be the oldest of all.
        (None, Some(backup)) => vec![back_up(u32::MAX), Step::PutBack { database: database(), backup }],
        (None, None) => site.keep_backups.filter(|_| !moves.is_empty() || run.is_some()).map(back_up).into_iter().collect(),
    };
    Steps {
        prepare: first.into_iter().chain(site.stage()).chain(way(Direction::Up)).collect(),
        switch: vec![site.switch_to(target(spec))],
        commit: way(Direction::Down).chain(site.prune()).collect(),
        ..Steps::default()
    }
}
