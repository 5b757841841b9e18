//! What the reader of a journal promises, whatever plan it belongs to and whatever was done to its records.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn step() -> impl Strategy<Value = StepRef> {
    let phases = [Phase::Prepare, Phase::Switch, Phase::Verify, Phase::Commit];
    let number = || prop_oneof![30 => 0..3_u32, 1 => Just(u32::MAX)];
    (number(), prop::sample::select(phases.to_vec()), "[ab]", number())
        .prop_map(|(level, phase, component, index)| at(level, phase, &component, index))
}

fn plan() -> impl Strategy<Value = BTreeSet<StepRef>> {
    prop::collection::btree_set(step(), 0..12)
}

/// Every event there is about these steps.
fn all_events(steps: &BTreeSet<StepRef>) -> Vec<Event> {
    let about = |at: &StepRef| {
        let at = || at.clone();
        [
            Event::Intended { at: at() },
            Event::Done { at: at() },
            Event::Failed { at: at(), failure: failure() },
            Event::Undoing { at: at() },
            Event::Undone { at: at() },
            Event::UndoFailed { at: at(), failure: failure() },
        ]
    };
    let outcomes = [Outcome::Committed, Outcome::RolledBack, Outcome::Unchanged, Outcome::Undecided];
    let ends = outcomes.into_iter().map(|outcome| Event::Closed { outcome });
    let whole = [Event::Sealed, Event::Decided, Event::RollingBack { failure: failure() }];
    steps.iter().flat_map(about).chain(whole).chain(ends).collect()
}

/// A journal that is possible: at each point one of the events that are, rolling back less often than it could.
fn journal(steps: &BTreeSet<StepRef>, choices: &[Index]) -> Vec<Event> {
    let events = all_events(steps);
    let mut progress = Progress::begin(steps.clone());
    let mut journal = Vec::new();
    for (number, choice) in choices.iter().enumerate() {
        let possible = |event: &&Event| progress.clone().next(event).is_ok() && (number % 8 == 7 || !matches!(event, Event::RollingBack { .. }));
        let possible: Vec<&Event> = events.iter().filter(possible).collect();
        if !possible.is_empty() {
            let event = possible[choice.index(possible.len())];
            progress = progress.next(event).expect("it was possible");
            journal.push(event.clone());
        }
    }
    journal
}

prop_compose! {
    fn journals()(steps in plan(), choices in prop::collection::vec(any::<Index>(), 0..60)) -> (BTreeSet<StepRef>, Vec<Event>) {
        let journal = journal(&steps, &choices);
        (steps, journal)
    }
}

/// Something that was done to a journal.
#[derive(Debug, Clone)]
enum Damage {
    Lost(Index),
    Doubled(Index),
    Swapped(Index, Index),
    CutShort(Index),
    Forged(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<Index>;
    prop_oneof![
        index().prop_map(Damage::Lost),
        index().prop_map(Damage::Doubled),
        (index(), index()).prop_map(|(one, other)| Damage::Swapped(one, other)),
        index().prop_map(Damage::CutShort),
        (index(), index()).prop_map(|(place, event)| Damage::Forged(place, event)),
    ]
}

fn damaged(mut journal: Vec<Event>, damage: &Damage, events: &[Event]) -> Vec<Event> {
    let len = journal.len();
    match damage {
        Damage::Forged(place, event) => journal.insert(place.index(len + 1), events[event.index(events.len())].clone()),
        _ if len == 0 => {}
        Damage::Lost(at) => drop(journal.remove(at.index(len))),
        Damage::Doubled(at) => journal.insert(at.index(len), journal[at.index(len)].clone()),
        Damage::Swapped(one, other) => journal.swap(one.index(len), other.index(len)),
        Damage::CutShort(at) => journal.truncate(at.index(len)),
    }
    journal
}

/// What is true of every state that the reader gives.
fn sound(steps: &BTreeSet<StepRef>, progress: &Progress) -> Result<(), TestCaseError> {
    let is = |at: &StepRef, wanted: &[StepState]| progress.step(at).is_some_and(|state| wanted.contains(&state));
    let forward = || steps.iter().filter(|at| at.phase != Phase::Commit);
    let commit = || steps.iter().filter(|at| at.phase == Phase::Commit);
    match progress.stage() {
        Stage::Running | Stage::RollingBack { .. } => prop_assert!(commit().all(|at| is(at, &[StepState::Pending]))),
        Stage::Sealed | Stage::Committing => prop_assert!(forward().all(|at| is(at, &[StepState::Done]))),
        Stage::Closed { outcome: Outcome::Committed } => {
            prop_assert!(forward().all(|at| is(at, &[StepState::Done])));
            prop_assert!(commit().all(|at| is(at, &[StepState::Done, StepState::Failed])));
        }
        Stage::Closed { outcome: Outcome::RolledBack } => prop_assert!(steps.iter().all(|at| is(at, &[StepState::Pending, StepState::Undone]))),
        Stage::Closed { outcome } => prop_assert!(false, "closed as {}", outcome),
    }
    Ok(())
}

/// What a host does with a deployment that nobody conducts any more.
fn settle(mut progress: Progress, steps: &BTreeSet<StepRef>) -> Result<Progress, IllegalEvent> {
    if matches!(progress.stage(), Stage::Running | Stage::Sealed) {
        progress = progress.next(&Event::RollingBack { failure: failure() })?;
    }
    if matches!(progress.stage(), Stage::Committing) {
        for at in steps.iter().filter(|at| at.phase == Phase::Commit) {
            if !matches!(progress.step(at), Some(StepState::Done | StepState::Failed)) {
                progress = progress.next(&Event::Intended { at: at.clone() })?.next(&Event::Failed { at: at.clone(), failure: failure() })?;
            }
        }
        return progress.next(&Event::Closed { outcome: Outcome::Committed });
    }
    for at in progress.to_undo() {
        progress = progress.next(&Event::Undoing { at: at.clone() })?.next(&Event::Undone { at })?;
    }
    progress.next(&Event::Closed { outcome: Outcome::RolledBack })
}

proptest! {
    #[test]
    fn every_part_of_a_journal_leads_to_a_sound_state((steps, journal) in journals()) {
        for cut in 0..=journal.len() {
            let before = Progress::replay(steps.clone(), &journal[..cut]);
            prop_assert!(before.is_ok(), "{} of {:?}", cut, journal);
            let before = before.expect("it was judged just now");
            sound(&steps, &before)?;
            let after = journal[cut..].iter().try_fold(before, Progress::next);
            prop_assert_eq!(after, Progress::replay(steps.clone(), &journal));
        }
    }

    #[test]
    fn a_damaged_journal_is_refused_or_leads_to_a_sound_state((steps, journal) in journals(), damage in prop::collection::vec(damage(), 1..4)) {
        let events = all_events(&steps);
        let journal = damage.iter().fold(journal, |journal, damage| damaged(journal, damage, &events));
        match Progress::replay(steps.clone(), &journal) {
            Ok(progress) => sound(&steps, &progress)?,
            Err(error) => {
                prop_assert!(!error.event.is_empty() && !error.why.is_empty());
                let good = (0..journal.len()).rev().find_map(|cut| Progress::replay(steps.clone(), &journal[..cut]).ok());
                sound(&steps, &good.expect("no records at all are always possible"))?;
            }
        }
    }

    #[test]
    fn a_step_that_the_plan_does_not_have_is_never_recorded((steps, journal) in journals(), stranger in step()) {
        prop_assume!(!steps.contains(&stranger));
        let progress = Progress::replay(steps, &journal).expect("it is possible");
        let about = |event: &Event| !matches!(event, Event::Sealed | Event::Decided | Event::RollingBack { .. } | Event::Closed { .. });
        for event in all_events(&BTreeSet::from([stranger])).iter().filter(|event| about(event)) {
            prop_assert!(progress.clone().next(event).is_err(), "{:?}", event);
        }
    }

    #[test]
    fn a_host_alone_can_settle_whatever_was_cut_off((steps, journal) in journals()) {
        let progress = Progress::replay(steps.clone(), &journal).expect("it is possible");
        if !matches!(progress.stage(), Stage::Closed { .. }) {
            let settled = settle(progress, &steps);
            prop_assert!(settled.is_ok(), "{:?}", settled);
            sound(&steps, &settled.expect("it was judged just now"))?;
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written((_, journal) in journals()) {
        for event in &journal {
            let written = serde_json::to_string(event).expect("an event has a JSON form");
            prop_assert_eq!(serde_json::from_str::<Event>(&written).ok(), Some(event.clone()), "{}", written);
        }
    }

    #[test]
    fn a_torn_record_is_refused((_, journal) in journals(), place in any::<Index>(), cut in any::<Index>()) {
        prop_assume!(!journal.is_empty());
        let written = serde_json::to_string(&journal[place.index(journal.len())]).expect("an event has a JSON form");
        let torn = &written[..written.floor_char_boundary(cut.index(written.len()))];
        prop_assert!(serde_json::from_str::<Event>(torn).is_err(), "{}", torn);
    }
}

/// Properties of ends say nothing when no journal reaches one.
#[test]
fn the_journals_reach_both_ends() {
    let steps: BTreeSet<StepRef> = super::steps().into_iter().collect();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut ends = BTreeSet::new();
    for _ in 0..200 {
        let choices = prop::collection::vec(any::<Index>(), 60).new_tree(&mut runner).expect("it needs no luck");
        let progress = Progress::replay(steps.clone(), &journal(&steps, &proptest::strategy::ValueTree::current(&choices)));
        ends.insert(progress.expect("it is possible").stage().to_string());
    }
    for end in ["closed as committed", "closed as rolled back"] {
        assert!(ends.iter().any(|reached| reached == end), "{end} is not in {ends:?}");
    }
}
