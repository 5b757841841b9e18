//! What the state machine promises, whatever events come.

mod journal;

use proptest::prelude::*;

use super::*;
use crate::plan::{Phase, StepRef};

fn at(level: u32, phase: Phase, component: &str, index: u32) -> StepRef {
    StepRef { level, phase, component: component.parse().unwrap(), index }
}

/// Two levels; two components in the first, one in the second; two commit steps.
fn steps() -> Vec<StepRef> {
    use Phase::*;
    vec![
        at(0, Prepare, "a", 0),
        at(0, Prepare, "a", 1),
        at(0, Prepare, "b", 0),
        at(0, Switch, "a", 0),
        at(0, Switch, "b", 0),
        at(1, Prepare, "c", 0),
        at(1, Switch, "c", 0),
        at(1, Verify, "c", 0),
        at(0, Commit, "a", 0),
        at(1, Commit, "c", 0),
    ]
}

fn failure() -> Failure {
    Failure::new("test", "it failed")
}

fn events() -> impl Strategy<Value = Event> {
    let step = || prop::sample::select(steps());
    prop_oneof![
        6 => step().prop_map(|at| Event::Intended { at }),
        6 => step().prop_map(|at| Event::Done { at }),
        1 => step().prop_map(|at| Event::Failed { at, failure: failure() }),
        1 => Just(Event::Sealed),
        1 => Just(Event::Decided),
        1 => Just(Event::RollingBack { failure: failure() }),
        4 => step().prop_map(|at| Event::Undoing { at }),
        4 => step().prop_map(|at| Event::Undone { at }),
        1 => step().prop_map(|at| Event::UndoFailed { at, failure: failure() }),
        2 => prop::sample::select(vec![Outcome::Committed, Outcome::RolledBack]).prop_map(|outcome| Event::Closed { outcome }),
    ]
}

/// Takes the events that are possible, in their order.
fn run(events: &[Event]) -> (Progress, Vec<Event>) {
    events.iter().fold((Progress::begin(steps()), Vec::new()), |(progress, mut journal), event| match progress.clone().next(event) {
        Ok(after) => {
            journal.push(event.clone());
            (after, journal)
        }
        Err(_) => (progress, journal),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn replaying_the_journal_gives_the_same_state(events in prop::collection::vec(events(), 0..400)) {
        let (progress, journal) = run(&events);
        prop_assert_eq!(Progress::replay(steps(), &journal).unwrap(), progress);
    }

    #[test]
    fn committed_means_that_every_step_was_done(events in prop::collection::vec(events(), 0..600)) {
        let (progress, _) = run(&events);
        if matches!(progress.stage(), Stage::Sealed | Stage::Committing | Stage::Closed { outcome: Outcome::Committed }) {
            prop_assert!(progress.all_done(&Phase::FORWARD));
        }
    }

    #[test]
    fn rolled_back_means_that_all_that_began_is_undone(events in prop::collection::vec(events(), 0..600)) {
        let (progress, journal) = run(&events);
        if matches!(progress.stage(), Stage::Closed { outcome: Outcome::RolledBack }) {
            prop_assert!(progress.to_undo().is_empty());
            for event in &journal {
                if let Event::Intended { at } = event {
                    prop_assert_eq!(progress.step(at), Some(StepState::Undone));
                }
            }
        }
    }

    #[test]
    fn nothing_is_undone_after_the_decision(events in prop::collection::vec(events(), 0..600)) {
        let (_, journal) = run(&events);
        let decided = journal.iter().position(|event| *event == Event::Decided).unwrap_or(journal.len());
        let undoing = |event: &Event| matches!(event, Event::RollingBack { .. } | Event::Undoing { .. });
        prop_assert!(!journal[decided..].iter().any(undoing));
    }

    #[test]
    fn a_level_begins_when_the_one_before_is_verified(events in prop::collection::vec(events(), 0..600)) {
        let (_, journal) = run(&events);
        let began = |level| journal.iter().position(|event| matches!(event, Event::Intended { at } if at.level == level && at.phase != Phase::Commit));
        if let Some(second) = began(1) {
            let done = journal[..second].iter().filter(|event| matches!(event, Event::Done { at } if at.level == 0)).count();
            prop_assert!(done >= 5);
        }
    }

    #[test]
    fn what_is_closed_stays_as_it_is(events in prop::collection::vec(events(), 0..600), event in events()) {
        let (progress, _) = run(&events);
        if matches!(progress.stage(), Stage::Closed { .. }) {
            prop_assert!(progress.next(&event).is_err());
        }
    }
}

/// A deployment in which everything works, up to the decision.
fn smooth() -> Vec<Event> {
    let forward = steps().into_iter().filter(|at| at.phase != Phase::Commit);
    forward.flat_map(|at| [Event::Intended { at: at.clone() }, Event::Done { at }]).collect()
}

#[test]
fn a_deployment_can_be_cut_off_anywhere_and_undone() {
    for cut in 0..smooth().len() {
        let mut progress = Progress::replay(steps(), &smooth()[..cut]).unwrap();
        progress = progress.next(&Event::RollingBack { failure: failure() }).unwrap();
        for at in progress.to_undo() {
            progress = progress.next(&Event::Undoing { at: at.clone() }).unwrap().next(&Event::Undone { at }).unwrap();
        }
        progress = progress.next(&Event::Closed { outcome: Outcome::RolledBack }).unwrap();
        assert_eq!(progress.stage(), &Stage::Closed { outcome: Outcome::RolledBack });
    }
}

#[test]
fn the_decision_needs_every_step() {
    let journal = smooth();
    for cut in 0..journal.len() {
        assert!(Progress::replay(steps(), &journal[..cut]).unwrap().next(&Event::Decided).is_err(), "after {cut} records");
    }
    assert!(Progress::replay(steps(), &journal).unwrap().next(&Event::Decided).is_ok());
}

#[test]
fn a_commit_step_that_fails_keeps_no_one_from_ending() {
    let mut progress = Progress::replay(steps(), &smooth()).unwrap().next(&Event::Decided).unwrap();
    for at in [self::at(0, Phase::Commit, "a", 0), self::at(1, Phase::Commit, "c", 0)] {
        assert!(progress.clone().next(&Event::Closed { outcome: Outcome::Committed }).is_err());
        progress = progress.next(&Event::Intended { at: at.clone() }).unwrap().next(&Event::Failed { at, failure: failure() }).unwrap();
    }
    assert!(progress.next(&Event::Closed { outcome: Outcome::Committed }).is_ok());
}

mod history {
    use super::super::*;
    use crate::plan::{Desired, Intent};
    use crate::source::Source;
    use crate::time::Moment;
    use crate::{Digest, EnvironmentKey, PlanHash};

    fn record(id: u32, intent: Intent, outcome: Outcome) -> DeploymentRecord {
        DeploymentRecord {
            id: id.to_string().parse().unwrap(),
            key: EnvironmentKey { project: "shop".parse().unwrap(), environment: "local".parse().unwrap() },
            plan: PlanHash(Digest::of(b"")),
            intent,
            source: Source { version: format!("v{id}"), ..Source::default() },
            holder: Holder { user: "u".into(), machine: "m".into(), pid: 1, surface: "cli".into() },
            reason: None,
            idempotency_key: None,
            approval: None,
            started_at: Moment(0),
            ended_at: None,
            stage: Stage::Closed { outcome },
            failure: None,
            components: vec![],
            leftovers: vec![],
            desired: Desired::default(),
        }
    }

    #[test]
    fn where_a_rollback_leads() {
        use Outcome::{Committed, RolledBack};
        let to = |id: u32| Intent::Rollback { to: id.to_string().parse().unwrap() };
        let check = |history: Vec<DeploymentRecord>, expect: Result<&str, HistoryError>| {
            let newest_first: Vec<_> = history.into_iter().rev().collect();
            assert_eq!(stable_before(&newest_first).map(|record| record.source.version.clone()), expect.map(String::from));
        };
        let deploy = |id, outcome| record(id, Intent::Deploy, outcome);
        check(vec![], Err(HistoryError::Empty));
        check(vec![deploy(1, Committed)], Err(HistoryError::NoEarlier));
        check(vec![deploy(1, Committed), deploy(2, Committed)], Ok("v1"));
        check(vec![deploy(1, Committed), deploy(2, RolledBack), deploy(3, Committed)], Ok("v1"));
        check(vec![deploy(1, Committed), deploy(2, Committed), record(3, to(1), Committed)], Err(HistoryError::NoEarlier));
        check(vec![deploy(1, Committed), deploy(2, Committed), deploy(3, Committed), record(4, to(2), Committed)], Ok("v1"));
        check(vec![deploy(1, Committed), deploy(2, Committed), record(3, to(1), Committed), deploy(4, Committed)], Ok("v1"));
        check(vec![deploy(1, Committed), record(2, Intent::Down, Committed)], Ok("v1"));
    }

    #[test]
    fn a_target_is_what_made_the_state_and_never_a_circle() {
        let to = |id: u32| Intent::Rollback { to: id.to_string().parse().unwrap() };
        let deploy = |id| record(id, Intent::Deploy, Outcome::Committed);
        let back = |id, target| record(id, to(target), Outcome::Committed);
        let unknown = Err(HistoryError::Unknown("it".into()));
        for (history, wanted, expect) in [
            (vec![deploy(1), deploy(2), back(3, 1)], "3", Ok("v1")),
            (vec![deploy(1), deploy(2), back(3, 2), back(4, 3)], "4", Ok("v2")),
            (vec![deploy(2), back(3, 1)], "3", unknown.clone()),
            (vec![deploy(1), record(2, Intent::Down, Outcome::Committed)], "2", unknown.clone()),
            (vec![deploy(1), record(2, Intent::Deploy, Outcome::RolledBack)], "2", unknown.clone()),
            // Only a ledger that was tampered with holds these.
            (vec![deploy(1), back(2, 2)], "2", unknown.clone()),
            (vec![back(2, 3), back(3, 2)], "3", unknown),
        ] {
            let newest_first: Vec<_> = history.into_iter().rev().collect();
            let found = rollback_target(&newest_first, "it", |record| record.id.as_str() == wanted);
            assert_eq!(found.map(|record| record.source.version.as_str()), expect, "{wanted} of {newest_first:?}");
        }
    }
}
