//! Databases and their migrations.

use plimsoll_model::backup::Schedule;
use plimsoll_model::database::{Applied, Checksum, DatabaseKind, DatabaseSpec, Direction, Location, Migration};
use plimsoll_model::plan::{DatabaseAt, Step};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;

use super::names::{component, config, digest, path, release, text, variable};

fn engine() -> impl Strategy<Value = DatabaseKind> {
    prop::sample::select(vec![DatabaseKind::Sqlite, DatabaseKind::Postgres, DatabaseKind::Mysql])
}

fn location() -> impl Strategy<Value = Location> {
    prop_oneof![
        (component(), path()).prop_map(|(component, path)| Location::File { component, path }),
        variable().prop_map(|url| Location::Server { url }),
    ]
}

prop_compose! {
    /// Migrations, as their files say.
    fn migration()(version in any::<i64>(), name in text(), up in text(), down in of(text())) -> Migration {
        Migration { version, name, up: Checksum(up), down: down.map(Checksum) }
    }
}

prop_compose! {
    /// Databases, as a manifest describes them.
    pub fn database()(
        engine in engine(),
        location in location(),
        secrets in btree_map(variable(), digest(), 0..2),
        migrations in vec(migration(), 0..3),
        schedule in of((any::<u64>(), any::<u32>()).prop_map(|(every_ms, keep)| Schedule { every_ms, keep })),
    ) -> DatabaseSpec {
        DatabaseSpec { engine, location, secrets, migrations, schedule }
    }
}

prop_compose! {
    /// Ways to databases.
    pub fn database_at()(engine in engine(), location in location(), config in config()) -> DatabaseAt {
        DatabaseAt { engine, location, config }
    }
}

prop_compose! {
    /// Migrations that a database has.
    pub fn applied()(version in any::<i64>(), description in text(), checksum in text(), whole in any::<bool>()) -> Applied {
        Applied { version, description, checksum: Checksum(checksum), whole }
    }
}

prop_compose! {
    /// Steps that run a migration.
    pub fn migrate()(
        database in database_at(),
        release in release(),
        migration in migration(),
        direction in prop::sample::select(vec![Direction::Up, Direction::Down]),
    ) -> Step {
        Step::Migrate { database, release, migration, direction }
    }
}

prop_compose! {
    /// Steps that back a database up.
    pub fn back_up()(database in database_at(), keep in any::<u32>()) -> Step {
        Step::BackUp { database, keep }
    }
}
