//! Whatever is done to a chain is found and named.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::deployment::{ComponentChange, DeploymentRecord, Event, Failure, Holder, Outcome, Stage};
use crate::plan::{Change, Desired, Intent};
use crate::time::Moment;

fn entry(number: u32, outcome: Ending) -> Entry {
    let actor = Actor { user: format!("user-{number}"), machine: "desk".into(), surface: "cli".into() };
    let deed = Deed { reason: Some(format!("reason {number}")), ..Deed::new(actor, Action::Deploy, outcome) };
    Entry { at: Moment(1_768_660_200_000 + i64::from(number)), deed }
}

fn follow(anchor: Mark, entries: impl IntoIterator<Item = Entry>) -> Vec<Row> {
    let next = |last: &mut Mark, entry: Entry| {
        let row = last.next(&entry);
        *last = row.mark();
        Some(row)
    };
    entries.into_iter().scan(anchor, next).collect()
}

/// A chain of 2 to 30 rows, from its start or from where it was pruned.
fn chains() -> impl Strategy<Value = (Mark, Vec<Row>)> {
    let anchors = prop_oneof![Just(Mark::START), (1_u64..1_000).prop_map(|seq| Mark { seq, hash: crate::Digest::of(b"pruned") })];
    (anchors, 2_u32..30).prop_map(|(anchor, rows)| (anchor, follow(anchor, (0..rows).map(|number| entry(number, Ending::Begun)))))
}

fn broken(anchor: &Mark, rows: &[Row], head: &Mark) -> (u64, u64, Flaw) {
    let Break { first, last, flaw } = verify(anchor, rows, Some(head)).expect_err("it was tampered with");
    (first, last, flaw)
}

fn head(rows: &[Row]) -> Mark {
    rows.last().expect("there are rows").mark()
}

proptest! {
    #[test]
    fn a_chain_is_whole_at_every_length_and_for_every_mark_in_it((anchor, rows) in chains(), to in any::<Index>()) {
        let mark = to.get(&rows).mark();
        prop_assert_eq!(verify(&anchor, &rows, None), Ok(head(&rows)));
        prop_assert_eq!(verify(&anchor, &rows, Some(&mark)), Ok(head(&rows)));
        let part = &rows[..=to.index(rows.len())];
        prop_assert_eq!(verify(&anchor, part, Some(&mark)), Ok(mark));
    }

    #[test]
    fn any_change_of_a_text_is_found((anchor, rows) in chains(), which in any::<Index>(), place in any::<Index>(), by in any::<char>()) {
        let (index, noted) = (which.index(rows.len()), head(&rows));
        let mut changed = rows.clone();
        let mut text: Vec<char> = changed[index].entry.chars().collect();
        let place = place.index(text.len());
        prop_assume!(text[place] != by);
        text[place] = by;
        changed[index].entry = text.into_iter().collect();
        let seq = rows[index].seq;
        prop_assert_eq!(broken(&anchor, &changed, &noted), (seq, seq, Flaw::Changed));
    }

    #[test]
    fn any_change_of_a_hash_or_a_number_is_found((anchor, rows) in chains(), which in any::<Index>(), field in 0..3) {
        let (index, noted) = (which.index(rows.len()), head(&rows));
        let mut changed = rows.clone();
        let row = &mut changed[index];
        match field {
            0 => row.hash = crate::Digest::of(b"another"),
            1 => row.previous = crate::Digest::of(b"another"),
            _ => row.seq += 5_000,
        }
        let seq = row.seq;
        prop_assert_eq!(broken(&anchor, &changed, &noted), (seq, seq, Flaw::Changed));
    }

    #[test]
    fn a_row_that_was_written_anew_with_a_hash_that_fits_is_found((anchor, rows) in chains(), which in any::<Index>()) {
        let (index, noted) = (which.index(rows.len()), head(&rows));
        let mut changed = rows.clone();
        let before = index.checked_sub(1).map_or(anchor, |before| rows[before].mark());
        changed[index] = before.next(&entry(9_999, Ending::Committed));
        let seq = rows[index].seq;
        prop_assert_eq!(broken(&anchor, &changed, &noted), (seq, seq, Flaw::Changed));
    }

    #[test]
    fn rows_that_are_gone_are_named((anchor, rows) in chains(), from in any::<Index>(), count in 1_usize..4) {
        let from = from.index(rows.len());
        let until = (from + count).min(rows.len());
        let mut left = rows.clone();
        left.drain(from..until);
        let flaw = if until == rows.len() { Flaw::CutOff } else { Flaw::Deleted };
        prop_assert_eq!(broken(&anchor, &left, &head(&rows)), (rows[from].seq, rows[until - 1].seq, flaw));
    }

    #[test]
    fn rows_that_are_gone_are_found_when_the_numbers_were_closed_up((anchor, rows) in chains(), which in any::<Index>()) {
        let index = which.index(rows.len() - 1);
        let mut left = rows.clone();
        left.remove(index);
        left[index..].iter_mut().for_each(|row| row.seq -= 1);
        let (_, last, flaw) = broken(&anchor, &left, &head(&rows));
        prop_assert_eq!((last + 1, flaw), (rows[index].seq, Flaw::Changed));
    }

    #[test]
    fn rows_that_were_put_in_are_named((anchor, rows) in chains(), which in any::<Index>(), count in 1_u32..4) {
        let index = which.index(rows.len());
        let before = index.checked_sub(1).map_or(anchor, |before| rows[before].mark());
        let forged = follow(before, (0..count).map(|number| entry(7_000 + number, Ending::Committed)));
        let (first, last) = (forged[0].seq, forged[forged.len() - 1].seq);
        let mut more = rows.clone();
        more.iter_mut().skip(index).for_each(|row| row.seq += u64::from(count));
        more.splice(index..index, forged);
        prop_assert_eq!(broken(&anchor, &more, &head(&rows)), (first, last, Flaw::Inserted));
    }

    #[test]
    fn rows_that_changed_places_are_found((anchor, rows) in chains(), one in any::<Index>(), other in any::<Index>(), numbered in any::<bool>()) {
        let (one, other) = (one.index(rows.len()), other.index(rows.len()));
        prop_assume!(one < other);
        let mut moved = rows.clone();
        moved.swap(one, other);
        if numbered {
            moved.iter_mut().zip(&rows).for_each(|(row, old)| row.seq = old.seq);
        }
        let place = moved[one].seq;
        prop_assert_eq!(broken(&anchor, &moved, &head(&rows)), (place, place, Flaw::Reordered));
    }

    #[test]
    fn a_row_is_read_as_it_was_written((_, rows) in chains(), which in any::<Index>()) {
        let row = which.get(&rows);
        prop_assert_eq!(Row::read_line(&row.line()), Ok(row.clone()));
        prop_assert!(serde_json::from_str::<serde_json::Value>(&row.line()).is_ok());
    }
}

#[test]
fn what_was_pruned_is_on_record_or_missed() {
    let rows = follow(Mark::START, (0..6).map(|number| entry(number, Ending::Begun)));
    let anchor = rows[2].mark();
    let pruned = |mark: Mark| Entry { at: Moment(0), deed: Deed { pruned: Some(mark), ..entry(9, Ending::Done).deed } };
    let pruning = |mark: Mark| Entry { deed: Deed { action: Action::Prune, ..pruned(mark).deed }, ..pruned(mark) };
    let check = |last: Entry, expect: Result<(), (u64, u64, Flaw)>| {
        let rows: Vec<Row> = rows[3..].iter().cloned().chain([head(&rows).next(&last)]).collect();
        let verdict = verify_whole(&anchor, &rows, &head(&rows));
        assert_eq!(verdict.map(drop).map_err(|Break { first, last, flaw }| (first, last, flaw)), expect);
    };
    check(pruning(anchor), Ok(()));
    check(pruning(rows[3].mark()), Err((1, 3, Flaw::NotPruned)));
    check(pruned(anchor), Err((1, 3, Flaw::NotPruned)));
}

#[test]
fn nothing_stands_behind_the_head_of_a_ledger() {
    let rows = follow(Mark::START, (0..3).map(|number| entry(number, Ending::Begun)));
    let verdict = verify_whole(&Mark::START, &rows, &rows[1].mark());
    assert_eq!(verdict, Err(Break { first: 3, last: 3, flaw: Flaw::Inserted }));
    assert_eq!(verify_whole(&Mark::START, &[], &Mark::START), Ok(Mark::START));
}

#[test]
fn of_a_deployment_its_beginning_and_its_end_are_told() {
    let (host, expired) = (Actor::host("plimsoll", "server"), Failure::new(LEASE_EXPIRED, "the lease ran out").with_help("deploy again"));
    let other = Failure::new("slot-exited", "it ended").with_output(vec!["sk_live_1".into()]);
    let back = |failure: &Failure| Event::RollingBack { failure: failure.clone() };
    let rolling = |failure: &Failure| Stage::RollingBack { failure: failure.clone() };
    let closed = |outcome: Outcome| Event::Closed { outcome };
    let record = record();
    let check = |stage: Stage, event: Event, expect: Option<(Action, Ending, &str, Option<&str>)>| {
        let told = Deed::told_by(&record, &stage, &event, &host);
        let short = told.as_ref().map(|deed| {
            let message = deed.failure.as_ref().map(|failure| failure.message.as_str());
            assert_eq!((&deed.deployment, &deed.plan, &deed.reason), (&Some(record.id.clone()), &Some(record.plan), &record.reason));
            assert!(deed.failure.as_ref().is_none_or(|failure| failure.help.is_none() && failure.output.is_empty()));
            (deed.action, deed.outcome, deed.actor.surface.as_str(), message)
        });
        assert_eq!(short, expect, "{event:?}");
    };
    check(Stage::Running, back(&other), None);
    check(Stage::Running, back(&expired), Some((Action::AutomaticRollback, Ending::Begun, "host", Some("the lease ran out"))));
    check(rolling(&other), closed(Outcome::RolledBack), Some((Action::Deploy, Ending::RolledBack, "cli", Some("it ended"))));
    check(Stage::Committing, closed(Outcome::Committed), Some((Action::Deploy, Ending::Committed, "cli", None)));
    check(Stage::Running, Event::Sealed, None);
    check(Stage::Running, Event::Decided, None);
    let begun = Deed::begun(&record);
    assert_eq!((begun.action, begun.outcome, begun.note.as_deref()), (Action::Deploy, Ending::Begun, Some("web: new release")));
}

fn record() -> DeploymentRecord {
    DeploymentRecord {
        id: "d-1".parse().unwrap(),
        key: crate::EnvironmentKey { project: "shop".parse().unwrap(), environment: "dev".parse().unwrap() },
        plan: crate::PlanHash(crate::Digest::of(b"plan")),
        intent: Intent::Deploy,
        source: crate::source::Source::default(),
        holder: Holder { user: "ada".into(), machine: "desk".into(), pid: 7, surface: "cli".into() },
        reason: Some("new prices".into()),
        idempotency_key: None,
        approval: None,
        started_at: Moment(1),
        ended_at: None,
        stage: Stage::Running,
        failure: None,
        components: vec![ComponentChange { name: "web".parse().unwrap(), change: Change::Release, release: None }],
        leftovers: Vec::new(),
        desired: Desired::default(),
    }
}

#[test]
fn breaks_are_told_in_words() {
    let check = |first: u64, last: u64, flaw: Flaw, expect: &str| assert_eq!(Break { first, last, flaw }.to_string(), expect);
    check(3, 3, Flaw::Changed, "row 3 was changed");
    check(3, 5, Flaw::Deleted, "rows 3 to 5 were deleted");
    check(3, 3, Flaw::Inserted, "row 3 was inserted later");
    check(4, 4, Flaw::Reordered, "row 4 is not in the place of old");
    check(8, 9, Flaw::CutOff, "rows 8 to 9 were cut off at the end");
    check(1, 7, Flaw::NotPruned, "rows 1 to 7 are gone, and no entry says that they were pruned");
}

/// The form of a row is a promise: logs that were exported once must stay verifiable.
#[test]
fn the_hash_of_a_row_stays_what_it_is() {
    let holder = Holder { user: "ada".into(), machine: "desk".into(), pid: 7, surface: "cli".into() };
    let failure = Failure::new("slot-exited", "slot web-1 ended").with_help("look").with_output(vec!["sk_live_1".into()]);
    let deed = Deed::new(Actor::from(&holder), Action::AutomaticRollback, Ending::RolledBack).because(&failure);
    let row = Mark::START.next(&Entry { at: Moment(1_768_660_200_007), deed });
    insta::assert_snapshot!(row.line(), @r#"{"seq":1,"previous":"0000000000000000000000000000000000000000000000000000000000000000","hash":"49b89f5691f129bc80f6b43de3e9a18dbfddd87fc31566c1b9634d73dab2492c","entry":{"at":"2026-01-17T14:30:00.007Z","actor":{"user":"ada","machine":"desk","surface":"cli"},"action":"automatic_rollback","outcome":"rolled_back","failure":{"code":"slot-exited","message":"slot web-1 ended"}}}"#);
}

#[test]
fn a_title_says_its_form_and_a_newer_one_is_refused() {
    let title = Title { plimsoll_audit: FORM, machine: "m".into(), exported_at: Moment(1), anchor: Mark::START, head: Mark::START, pruned: true };
    assert_eq!(Title::read(&title.line()), Ok(title.clone()));
    assert_eq!(Title::read(&Title { plimsoll_audit: 9, ..title }.line()), Err(LineError::Newer { found: 9 }));
    assert_eq!(Title::read("{}"), Err(LineError::Unreadable));
    assert_eq!(Row::read_line("{\"seq\":1}"), Err(LineError::Unreadable));
}

#[test]
fn a_mark_is_written_as_number_and_hash() {
    let mark = Mark { seq: 7, hash: crate::Digest::of(b"x") };
    assert_eq!(mark.to_string().parse(), Ok(mark));
    for bad in ["", "7", "x:y", &format!("7:{}", "0".repeat(63))] {
        assert_eq!(bad.parse::<Mark>(), Err(MarkError), "{bad}");
    }
}
