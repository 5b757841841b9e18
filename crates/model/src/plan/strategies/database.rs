//! Databases: brought from the migrations that they have to those that they shall have, one by one, while what uses them runs on.

use super::{Site, Target};
use crate::database::DatabaseSpec;
use crate::plan::{DatabaseAt, Move, Step, Steps};

/// The steps that make these moves, and record what the database has then.
#[must_use]
pub fn steps(site: &Site<'_>, spec: &DatabaseSpec, moves: &[Move]) -> Steps {
    let migrate = |Move { migration, direction, release }: &Move| Step::Migrate {
        database: DatabaseAt::of(spec, site.wanted.config()),
        release: *release,
        migration: migration.clone(),
        direction: *direction,
    };
    Steps {
        prepare: site.stage().into_iter().chain(moves.iter().map(migrate)).collect(),
        switch: vec![site.switch_to(Target::Database { migrations: spec.migrations.clone() })],
        commit: site.prune().collect(),
        ..Steps::default()
    }
}
