//! Databases that a tool of the project's own migrates: when it is run, which way, and in which release.

use super::*;
use crate::database::{DatabaseKind, DatabaseSpec, Direction, Files, Location, Own, Tool};
use crate::plan::{SchemaTrouble, Step, ToolRun};
use crate::slot::Limits;

/// Two components and the database of the first, whose tool has these migrations.
fn desired(version: u8, files: &[&str], down: bool) -> Desired {
    let tool = Tool {
        component: name(0),
        up: "up".into(),
        down: down.then(|| "down".into()),
        status: "status".into(),
        timeout_ms: 1_000,
        env: BTreeMap::new(),
        secrets: BTreeSet::new(),
        user: None,
        limits: Limits::default(),
    };
    let files = Files { names: files.iter().map(|name| (*name).to_owned()).collect(), content: Digest::of_value(&files) };
    let location = Location::Server { url: "DATABASE_URL".into(), user: None };
    let own = Some(Box::new(Own { tool, files }));
    let spec = DatabaseSpec {
        engine: DatabaseKind::Postgres,
        location,
        secrets: BTreeMap::new(),
        migrations: Vec::new(),
        own,
        exclusive: false,
        schedule: None,
        copy: None,
    };
    let mut desired = two(version);
    let database = DesiredComponent { kind: DesiredKind::Database(spec), route: None, ..wanted(9, version, BTreeSet::new()) };
    desired.components.get_mut(&name(0)).unwrap().depends_on.insert(main());
    desired.components.insert(main(), database);
    desired
}

fn main() -> ComponentName {
    "main".parse().unwrap()
}

fn seen(desired: &Desired) -> BTreeMap<HostName, Observed> {
    let mut seen = live(desired);
    seen.releases = (0..=9u8).flat_map(|version| (0..10).map(move |index| release(version, index))).collect();
    hosts(seen)
}

fn run(plan: &Plan) -> Option<(Phase, &ToolRun)> {
    plan.steps(&plan.home).find_map(|(at, step)| if let Step::RunTool(run) = step { Some((at.phase, run)) } else { None })
}

fn back() -> Terms {
    Terms { intent: Intent::Rollback { to: "1".parse().unwrap() }, ..terms() }
}

#[test]
fn it_is_run_where_there_is_something_for_it_to_do() {
    let one = desired(1, &["1"], true);
    let plan = make(terms(), one.clone(), &hosts(nothing())).unwrap();
    let (phase, first) = run(&plan).unwrap();
    assert_eq!((phase, first.direction, first.release), (Phase::Prepare, Direction::Up, one.components[&main()].release));
    assert_eq!(plan.version, 7);
    let staged = plan.steps(&plan.home).find_map(|(at, step)| match step {
        Step::StageRelease { of, .. } if at.component == main() => Some(of.clone()),
        _ => None,
    });
    assert_eq!(staged, Some(Some(name(0))), "it finds what the program shares");
    // Another release of the program, and the same migrations.
    let two = desired(2, &["1"], true);
    let plan = make(terms(), two.clone(), &seen(&one)).unwrap();
    assert_eq!((run(&plan), plan.changes().get(&main())), (None, None));
    assert_eq!(plan.desired.components[&main()].release, one.components[&main()].release, "it stays what it is");
    let three = desired(3, &["1", "2"], true);
    let plan = make(terms(), three.clone(), &seen(&one)).unwrap();
    assert_eq!(run(&plan).map(|(phase, run)| (phase, run.direction)), Some((Phase::Prepare, Direction::Up)));
    // What was squashed is the tool's business.
    let plan = make(terms(), desired(4, &["squashed"], true), &seen(&three)).unwrap();
    assert_eq!(run(&plan).map(|(_, run)| run.direction), Some(Direction::Up));
}

#[test]
fn a_rollback_leads_back_with_the_tool_that_knows_what_is_to_be_undone() {
    let (one, two) = (desired(1, &["1"], true), desired(2, &["1", "2"], true));
    let plan = make(back(), one.clone(), &seen(&two)).unwrap();
    let (phase, led) = run(&plan).unwrap();
    let served = two.components[&main()].clone();
    assert_eq!((phase, led.direction, led.release, led.config), (Phase::Commit, Direction::Down, served.release, served.config()));
    assert_eq!(Some(led.to), one.components[&main()].kind.database().and_then(|spec| Some(spec.own.as_ref()?.files.content)));
    // Forward again.
    let plan = make(back(), two.clone(), &seen(&one)).unwrap();
    assert_eq!(run(&plan).map(|(phase, run)| (phase, run.direction)), Some((Phase::Prepare, Direction::Up)));
}

#[test]
fn what_cannot_be_led_back_is_told_before_anything_is_done() {
    let trouble = |wanted: &Desired, serving: &Desired| match make(back(), wanted.clone(), &seen(serving)).unwrap_err() {
        PlanError::Schema { trouble, .. } => trouble,
        other => panic!("{other}"),
    };
    let one = desired(1, &["1"], false);
    assert_eq!(trouble(&one, &desired(2, &["1", "2"], false)).code(), "migration-irreversible");
    let put_back = Terms { put_back: [(main(), "b7".parse().unwrap())].into(), ..back() };
    assert_eq!(run(&make(put_back, one.clone(), &seen(&desired(2, &["1", "2"], false))).unwrap()), None);
    let crossed = trouble(&one, &desired(2, &["2"], true));
    assert_eq!(crossed, SchemaTrouble::Crossed { undo: "2".into(), apply: "1".into() });
    assert_eq!(crossed.code(), "migrations-diverged");
}

#[test]
fn a_backup_comes_before_it() {
    let terms = || Terms { keep_backups: Some(3), ..terms() };
    let (one, two) = (desired(1, &["1"], true), desired(2, &["1", "2"], true));
    let plan = make(terms(), two, &seen(&one)).unwrap();
    let steps: Vec<&Step> = plan.steps(&plan.home).filter(|(at, _)| at.component == main()).map(|(_, step)| step).collect();
    assert!(matches!(steps[..3], [Step::BackUp { keep: 3, .. }, Step::StageRelease { .. }, Step::RunTool(_)]), "{steps:#?}");
}
