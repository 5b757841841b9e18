//! Databases: brought from the migrations that they have to those that they shall have, one by one, while what uses them runs on.
//!
//! What is applied comes before the programs that need it. What is taken back goes after the decision, when nothing can be undone any more that
//! would want its rows again, and nobody uses it.

use super::{Site, Target};
use crate::database::{DatabaseSpec, Direction};
use crate::plan::{DatabaseAt, Move, Step, Steps};

/// What serves when a database is as `spec` says.
#[must_use]
pub fn target(spec: &DatabaseSpec) -> Target {
    Target::Database { engine: spec.engine, location: spec.location.clone(), migrations: spec.migrations.clone() }
}

/// The steps that make these moves, and record what the database has then.
#[must_use]
pub fn steps(site: &Site<'_>, spec: &DatabaseSpec, moves: &[Move]) -> Steps {
    let migrate = |Move { migration, direction, release }: &Move| Step::Migrate {
        database: DatabaseAt::of(spec, site.wanted.config()),
        release: *release,
        migration: migration.clone(),
        direction: *direction,
    };
    let way = |direction| moves.iter().filter(move |one| one.direction == direction).map(&migrate);
    Steps {
        prepare: site.stage().into_iter().chain(way(Direction::Up)).collect(),
        switch: vec![site.switch_to(target(spec))],
        commit: way(Direction::Down).chain(site.prune()).collect(),
        ..Steps::default()
    }
}
