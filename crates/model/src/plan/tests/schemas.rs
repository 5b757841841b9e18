//! Databases in a plan: what is run, which way, and when.

use super::*;
use crate::BackupId;
use crate::database::{Applied, Checksum, DatabaseKind, DatabaseSpec, Direction, Location, Migration};
use crate::plan::{SchemaTrouble, Step};

/// Migrations 1 to `count`; each can be undone but the one numbered `fixed`.
fn migrations(count: i64, fixed: i64) -> Vec<Migration> {
    let down = |version: i64| (version != fixed).then(|| Checksum(format!("down {version}")));
    (1..=count)
        .map(|version| Migration { version, name: format!("{version}_x"), up: Checksum(format!("up {version}")), down: down(version) })
        .collect()
}

fn applied(migrations: &[Migration]) -> Vec<Applied> {
    let whole = |migration: &Migration| Applied { version: migration.version, description: "x".into(), checksum: migration.up.clone(), whole: true };
    migrations.iter().map(whole).collect()
}

/// A program `c0`, a database `main` that it uses, and nothing else.
fn desired(version: u8, migrations: Vec<Migration>) -> Desired {
    let mut desired = two(version);
    desired.components.remove(&name(1));
    let location = Location::Server { url: "DATABASE_URL".into(), user: None };
    let spec = DatabaseSpec {
        engine: DatabaseKind::Postgres,
        location,
        secrets: BTreeMap::new(),
        migrations,
        own: None,
        exclusive: false,
        schedule: None,
        copy: None,
    };
    let database = wanted(9, version, BTreeSet::new());
    let database = DesiredComponent { kind: DesiredKind::Database(spec), route: None, ..database };
    desired.components.get_mut(&name(0)).unwrap().depends_on.insert(main());
    desired.components.insert(main(), database);
    desired
}

fn main() -> ComponentName {
    "main".parse().unwrap()
}

fn seen(desired: &Desired, applied: Vec<Applied>) -> BTreeMap<HostName, Observed> {
    let mut seen = live(desired);
    seen.databases.insert(main(), applied);
    seen.releases = (0..=9u8).flat_map(|version| (0..10).map(move |index| release(version, index))).collect();
    hosts(seen)
}

/// The migrations that are run, with when and which way; all before the program.
fn moves(plan: &Plan) -> Vec<(Phase, i64, Direction)> {
    let level = |of: &ComponentName| plan.steps(&plan.home).find(|(at, _)| at.component == *of).map(|(at, _)| at.level);
    assert!(level(&name(0)).is_none_or(|program| level(&main()).is_none_or(|database| database < program)));
    let run = plan.steps(&plan.home).filter_map(|(at, step)| match step {
        Step::Migrate { migration, direction, .. } => Some((at.phase, migration.version, *direction)),
        _ => None,
    });
    run.collect()
}

fn back() -> Terms {
    Terms { intent: Intent::Rollback { to: "1".parse().unwrap() }, ..terms() }
}

#[test]
fn a_schema_grows_before_the_program_and_shrinks_after_the_decision() {
    let (one, two) = (desired(1, migrations(1, 0)), desired(2, migrations(3, 0)));
    let plan = make(terms(), one.clone(), &hosts(nothing())).unwrap();
    assert_eq!(moves(&plan), [(Phase::Prepare, 1, Direction::Up)]);
    assert_eq!(plan.version, 6, "the version of the first plans with databases");
    let plan = make(terms(), two.clone(), &seen(&one, applied(&migrations(1, 0)))).unwrap();
    assert_eq!(moves(&plan), [(Phase::Prepare, 2, Direction::Up), (Phase::Prepare, 3, Direction::Up)]);
    let plan = make(back(), one, &seen(&two, applied(&migrations(3, 0)))).unwrap();
    assert_eq!(moves(&plan), [(Phase::Commit, 3, Direction::Down), (Phase::Commit, 2, Direction::Down)]);
    let undone = plan.steps(&plan.home).find_map(|(_, step)| if let Step::Migrate { release, .. } = step { Some(*release) } else { None });
    assert_eq!(undone, Some(two.components[&main()].release), "what is undone is read from the release that brought it");
}

#[test]
fn who_asks_for_migrations_alone_may_undo_some_and_leaves_the_program() {
    let deployed = desired(1, migrations(3, 0));
    let shorter = |count: i64| {
        let mut desired = deployed.clone();
        let DesiredKind::Database(spec) = &mut desired.components.get_mut(&main()).unwrap().kind else { panic!("it is a database") };
        spec.migrations = migrations(count, 0);
        desired
    };
    let terms = || Terms { intent: Intent::Migrate, ..terms() };
    let plan = make(terms(), shorter(1), &seen(&deployed, applied(&migrations(3, 0)))).unwrap();
    assert_eq!(moves(&plan), [(Phase::Commit, 3, Direction::Down), (Phase::Commit, 2, Direction::Down)]);
    assert_eq!(plan.changes().into_iter().filter(|(_, change)| *change != Change::None).map(|(name, _)| name).collect::<Vec<_>>(), [main()]);
    let plan = make(terms(), deployed.clone(), &seen(&shorter(1), applied(&migrations(1, 0)))).unwrap();
    assert_eq!(moves(&plan), [(Phase::Prepare, 2, Direction::Up), (Phase::Prepare, 3, Direction::Up)]);
}

#[test]
fn what_is_as_it_shall_be_gets_no_steps_and_what_strayed_does() {
    let wanted = desired(1, migrations(2, 0));
    assert!(make(terms(), wanted.clone(), &seen(&wanted, applied(&migrations(2, 0)))).unwrap().is_empty());
    let plan = make(terms(), wanted.clone(), &seen(&wanted, applied(&migrations(1, 0)))).unwrap();
    assert_eq!((moves(&plan), plan.changes()[&main()]), (vec![(Phase::Prepare, 2, Direction::Up)], Change::Schema));
}

#[test]
fn where_there_is_no_way_it_is_said_why() {
    let all = migrations(3, 0);
    let half = |mut applied: Vec<Applied>| {
        applied[1].whole = false;
        applied
    };
    let other = |mut applied: Vec<Applied>| {
        applied[0].checksum = Checksum("other".into());
        applied
    };
    let late = vec![applied(&all)[0].clone(), applied(&all)[2].clone()];
    let cases = [
        (terms(), migrations(3, 0), half(applied(&all)), "migration-half-applied"),
        (terms(), migrations(3, 0), other(applied(&all)), "migration-changed"),
        (terms(), migrations(2, 0), applied(&all), "migration-missing"),
        (terms(), migrations(3, 0), late, "migration-out-of-order"),
        (back(), migrations(2, 0), applied(&migrations(4, 0)), "migration-missing"),
    ];
    for (terms, wanted, applied, code) in cases {
        let hosts = seen(&desired(1, all.clone()), applied);
        assert_eq!(make(terms, desired(2, wanted), &hosts).unwrap_err().code(), code);
    }
    let fixed = seen(&desired(2, migrations(3, 3)), applied(&migrations(3, 3)));
    let error = make(back(), desired(1, migrations(2, 0)), &fixed).unwrap_err();
    assert!(matches!(&error, PlanError::Schema { trouble: SchemaTrouble::Irreversible(migration), .. } if migration.version == 3), "{error}");
    let mut branched = migrations(2, 0);
    branched.push(Migration { version: 4, name: "4_y".into(), up: Checksum("y".into()), down: None });
    let error = make(back(), desired(1, branched), &seen(&desired(2, all.clone()), applied(&all))).unwrap_err();
    assert_eq!(error.code(), "migrations-diverged");
}

#[test]
fn a_backup_comes_before_anything_that_could_harm_and_only_then() {
    let (one, two) = (desired(1, migrations(1, 0)), desired(2, migrations(2, 0)));
    let first = |plan: &Plan| {
        let steps: Vec<_> = plan.steps(&plan.home).filter(|(at, _)| at.component == main()).collect();
        let backups = steps.iter().filter(|(_, step)| matches!(step, Step::BackUp { .. })).count();
        (backups, matches!(steps.first(), Some((at, Step::BackUp { keep: 7, .. })) if at.phase == Phase::Prepare))
    };
    let keeping = |terms: Terms| Terms { keep_backups: Some(7), ..terms };
    for (terms, wanted, seen) in [
        (keeping(terms()), two.clone(), seen(&one, applied(&migrations(1, 0)))),
        (keeping(back()), one.clone(), seen(&two, applied(&migrations(2, 0)))),
    ] {
        assert_eq!(first(&make(terms, wanted, &seen).unwrap()), (1, true));
    }
    let plan = make(terms(), two.clone(), &seen(&one, applied(&migrations(1, 0)))).unwrap();
    assert_eq!(first(&plan), (0, false), "the environment wants none");
    let plan = make(keeping(terms()), two, &seen(&one, applied(&migrations(2, 0)))).unwrap();
    assert_eq!(first(&plan), (0, false), "nothing is migrated");
}

#[test]
fn a_database_begins_with_the_data_of_a_backup_where_it_has_none() {
    let wanted = desired(1, migrations(3, 0));
    let backup: BackupId = "b7".parse().unwrap();
    let restoring = |count: i64| Terms {
        keep_backups: Some(7),
        restore: BTreeMap::from([(main(), (backup.clone(), applied(&migrations(count, 0))))]),
        ..terms()
    };
    let plan = make(restoring(2), wanted.clone(), &hosts(nothing())).unwrap();
    let first = plan.steps(&plan.home).find(|(at, _)| at.component == main());
    assert!(matches!(&first, Some((at, Step::Restore { backup: found, .. })) if at.phase == Phase::Prepare && *found == backup), "{first:?}");
    assert_eq!(moves(&plan), [(Phase::Prepare, 3, Direction::Up)], "what the backup has need not be run");
    assert!(!plan.steps(&plan.home).any(|(_, step)| matches!(step, Step::BackUp { .. })), "there is nothing to back up");
    let mut used = nothing();
    used.databases.insert(main(), applied(&migrations(1, 0)));
    for (seen, code) in [(hosts(used), "database-occupied"), (seen(&wanted, Vec::new()), "database-occupied")] {
        assert_eq!(make(restoring(2), wanted.clone(), &seen).unwrap_err().code(), code);
    }
    let newer = make(restoring(3), desired(1, migrations(2, 0)), &hosts(nothing())).unwrap_err();
    assert_eq!(newer.code(), "migration-missing", "the source is older than the backup");
}

/// What is done to slots and the database, level by level.
fn story(plan: &Plan) -> Vec<(u32, Phase, String)> {
    let told = |step: &Step| match step {
        Step::StopSlot { slot, .. } => Some(format!("stop {slot}")),
        Step::StartSlot { slot, .. } => Some(format!("start {slot}")),
        Step::Migrate { migration, direction, .. } => Some(format!("{direction:?} {}", migration.version)),
        Step::BackUp { keep, .. } => Some(format!("back up, keep {keep}")),
        Step::PutBack { backup, .. } => Some(format!("put back {backup}")),
        _ => None,
    };
    plan.steps(&plan.home).filter(|(at, _)| at.phase != Phase::Commit).filter_map(|(at, step)| Some((at.level, at.phase, told(step)?))).collect()
}

#[test]
fn who_could_write_is_stopped_while_nothing_may() {
    let exclusive = |version: u8, count: i64| {
        let mut desired = desired(version, migrations(count, 0));
        let DesiredKind::Database(spec) = &mut desired.components.get_mut(&main()).unwrap().kind else { panic!("it is a database") };
        spec.exclusive = true;
        desired
    };
    let (one, two) = (exclusive(1, 1), exclusive(2, 2));
    let plan = make(terms(), one.clone(), &hosts(nothing())).unwrap();
    assert_eq!(story(&plan), [(0, Phase::Prepare, "Up 1".into()), (1, Phase::Prepare, "start c0-1".into())]);
    let expect = |new: &str| {
        vec![(0, Phase::Switch, "stop c0-1".to_owned()), (1, Phase::Prepare, "Up 2".to_owned()), (2, Phase::Prepare, format!("start {new}"))]
    };
    let plan = make(terms(), two.clone(), &seen(&one, applied(&migrations(1, 0)))).unwrap();
    assert_eq!((story(&plan), plan.changes()[&name(0)]), (expect("c0-2"), Change::Release));
    let staged = plan.steps(&plan.home).find(|(at, step)| at.component == name(0) && matches!(step, Step::StageRelease { .. }));
    assert_eq!(staged.map(|(at, _)| at.level), Some(0), "it is there before the gap");
    // A program that does not change is stopped too, and gets a slot of its own, so that it can be undone in the right order.
    let mut same = two.clone();
    same.components.insert(name(0), one.components[&name(0)].clone());
    let plan = make(terms(), same, &seen(&one, applied(&migrations(1, 0)))).unwrap();
    assert_eq!((story(&plan), plan.changes()[&name(0)]), (expect("c0-2"), Change::Restart));
    // What is led back is led back after the decision.
    let plan = make(back(), one, &seen(&two, applied(&migrations(2, 0)))).unwrap();
    assert!(story(&plan).iter().all(|(_, _, told)| !told.starts_with("stop")), "{:#?}", story(&plan));
    let plan = make(terms(), exclusive(3, 2), &seen(&two, applied(&migrations(2, 0)))).unwrap();
    assert!(story(&plan).iter().all(|(_, _, told)| !told.starts_with("stop")), "nothing is migrated");
}

#[test]
fn where_no_migration_leads_back_the_data_of_a_backup_does_while_nothing_writes() {
    let (one, two) = (desired(1, migrations(1, 1)), desired(2, migrations(2, 2)));
    let now = seen(&two, applied(&migrations(2, 2)));
    let backup: BackupId = "b7".parse().unwrap();
    let put_back = || Terms { put_back: [(main(), backup.clone())].into(), ..back() };
    assert_eq!(make(back(), one.clone(), &now).unwrap_err().code(), "migration-irreversible");
    let plan = make(put_back(), one.clone(), &now).unwrap();
    let expected = [
        (0, Phase::Switch, "stop c0-1".to_owned()),
        (1, Phase::Prepare, format!("back up, keep {}", u32::MAX)),
        (1, Phase::Prepare, "put back b7".to_owned()),
        (2, Phase::Prepare, "start c0-2".to_owned()),
    ];
    assert_eq!((story(&plan), plan.version), (expected.to_vec(), PLAN_VERSION));
    // Where migrations lead back, they do, and what serves goes on meanwhile.
    let (one, two) = (desired(1, migrations(1, 0)), desired(2, migrations(2, 0)));
    let now = seen(&two, applied(&migrations(2, 0)));
    assert_eq!(make(put_back(), one.clone(), &now), make(back(), one, &now));
}
