//! Databases and their migrations.

use plimsoll_model::BackupId;
use plimsoll_model::backup::Schedule;
use plimsoll_model::copy::{Access, Copies, CopySpec, Destination};
use plimsoll_model::database::{Applied, Checksum, DatabaseKind, DatabaseSpec, Direction, Files, Location, Migration, Own, Tool};
use plimsoll_model::plan::{DatabaseAt, Step, ToolRun};
use plimsoll_model::slot::Limits;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;

use super::names::{component, config, deployment, digest, moment, path, release, text, variable};

fn engine() -> impl Strategy<Value = DatabaseKind> {
    prop::sample::select(vec![DatabaseKind::Sqlite, DatabaseKind::Postgres, DatabaseKind::Mysql])
}

fn location() -> impl Strategy<Value = Location> {
    prop_oneof![
        (component(), path()).prop_map(|(component, path)| Location::File { component, path }),
        (variable(), of(text())).prop_map(|(url, user)| Location::Server { url, user }),
    ]
}

/// How it stands with copies of backups.
pub fn copies() -> impl Strategy<Value = Copies> {
    (copy(), of(moment())).prop_map(|(spec, newest)| Copies { to: spec.to, newest })
}

/// Copies of backups.
fn copy() -> impl Strategy<Value = CopySpec> {
    let s3 = (of(text()), variable(), variable()).prop_map(|(endpoint, access_key, secret_key)| {
        let to = Destination::S3 { bucket: "shop-backups".into(), prefix: String::new() };
        (to, Access::S3 { endpoint, region: "eu-central-1".into(), access_key, secret_key })
    });
    let sftp = (any::<u16>(), variable(), text()).prop_map(|(port, ssh_key, host_key)| {
        let to = Destination::Sftp { user: "backup".into(), host: "nas.example".into(), port, folder: "/srv/backups".into() };
        (to, Access::Sftp { ssh_key, host_key })
    });
    (prop_oneof![s3, sftp], any::<u32>()).prop_map(|((to, access), keep)| CopySpec { to, access, recipients: Vec::new(), keep })
}

prop_compose! {
    /// Migrations, as their files say.
    fn migration()(version in any::<i64>(), name in text(), up in text(), down in of(text())) -> Migration {
        Migration { version, name, up: Checksum(up), down: down.map(Checksum) }
    }
}

prop_compose! {
    fn tool()(
        component in component(),
        (up, down, status) in (text(), of(text()), text()),
        timeout_ms in any::<u64>(),
        env in btree_map(variable(), text(), 0..2),
        secrets in btree_set(variable(), 0..2),
        user in of(text()),
    ) -> Tool {
        Tool { component, up, down, status, timeout_ms, env, secrets, user, limits: Limits::default() }
    }
}

prop_compose! {
    /// Tools of a project's own, with their migrations.
    pub fn own()(tool in tool(), names in btree_set(text(), 0..3), content in digest()) -> Own {
        Own { tool, files: Files { names, content } }
    }
}

prop_compose! {
    /// Databases, as a manifest describes them.
    pub fn database()(
        engine in engine(),
        location in location(),
        secrets in btree_map(variable(), digest(), 0..2),
        migrations in vec(migration(), 0..3),
        exclusive in any::<bool>(),
        own in of(own().prop_map(Box::new)),
        schedule in of((any::<u64>(), any::<u32>()).prop_map(|(every_ms, keep)| Schedule { every_ms, keep })),
        copy in of(copy()),
    ) -> DatabaseSpec {
        DatabaseSpec { engine, location, secrets, migrations, exclusive, own, schedule, copy }
    }
}

prop_compose! {
    /// Ways to databases.
    pub fn database_at()(engine in engine(), location in location(), config in config(), copy in of(copy())) -> DatabaseAt {
        DatabaseAt { engine, location, config, copy }
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
    /// Steps that run a project's own tool.
    pub fn run_tool()(
        own in own().prop_map(Box::new),
        release in release(),
        config in config(),
        direction in prop::sample::select(vec![Direction::Up, Direction::Down]),
        to in digest(),
    ) -> Step {
        Step::RunTool(ToolRun { own, release, config, direction, to })
    }
}

prop_compose! {
    /// Steps that restore a backup.
    pub fn restore()(database in database_at(), deployment in deployment()) -> Step {
        Step::Restore { database, backup: BackupId::from(&deployment) }
    }
}

prop_compose! {
    /// Steps that put the data of a backup back.
    pub fn put_back()(database in database_at(), deployment in deployment()) -> Step {
        Step::PutBack { database, backup: BackupId::from(&deployment) }
    }
}

prop_compose! {
    /// Steps that back a database up.
    pub fn back_up()(database in database_at(), keep in any::<u32>()) -> Step {
        Step::BackUp { database, keep }
    }
}
