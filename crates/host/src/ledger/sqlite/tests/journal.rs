//! Deployments and their journals.

use plimsoll_model::deployment::{DeploymentRecord, Event, Outcome, Stage};
use plimsoll_model::plan::{Phase, StepRef};
use plimsoll_model::time::Moment;

use super::{Kept, begun, component, failure, id, key, step};
use crate::ledger::{Ledger, SqliteLedger, Stored};

const CLOSED: Event = Event::Closed { outcome: Outcome::Committed };

async fn close(ledger: &SqliteLedger, name: &str) {
    ledger.append(&id(name), Moment(9_000), &CLOSED, &[]).await.unwrap();
}

#[tokio::test]
async fn a_deployment_comes_back_as_it_was_also_after_a_restart() {
    let kept = Kept::new().await;
    let stored = Stored { journal: vec![Event::Intended { at: step(Phase::Prepare, "web", 0) }], ..begun("d-1", "dev") };
    kept.ledger.begin(&stored).await.unwrap();
    assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap().as_ref(), Some(&stored));

    let kept = kept.reopened().await;
    assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap().as_ref(), Some(&stored));
    assert_eq!(kept.ledger.deployment(&id("d-2")).await.unwrap(), None);
}

#[tokio::test]
async fn beginning_twice_is_beginning_once() {
    let kept = Kept::new().await;
    let first = begun("d-1", "dev");
    kept.ledger.begin(&first).await.unwrap();
    kept.ledger.append(&id("d-1"), Moment(2_000), &Event::Sealed, &[]).await.unwrap();
    kept.ledger.begin(&Stored { lease_until: Moment(99_000), ..first }).await.unwrap();

    let there = kept.ledger.deployment(&id("d-1")).await.unwrap().unwrap();
    assert_eq!((there.lease_until, there.record.stage, there.journal), (Moment(31_000), Stage::Sealed, vec![Event::Sealed]));
}

#[tokio::test]
async fn a_name_is_not_given_twice() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    assert_eq!(kept.ledger.begin(&begun("d-1", "production")).await.unwrap_err().code, "deployment-taken");
}

#[tokio::test]
async fn an_environment_has_one_open_deployment() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    let trouble = kept.ledger.begin(&begun("d-2", "dev")).await.unwrap_err();
    assert_eq!((trouble.code.as_str(), trouble.message.as_str()), ("deployment-open", "deployment d-1 of shop/dev is not settled yet"));
    kept.ledger.begin(&begun("d-3", "production")).await.unwrap();

    close(&kept.ledger, "d-1").await;
    kept.ledger.begin(&begun("d-2", "dev")).await.unwrap();
}

#[tokio::test]
async fn the_record_follows_the_journal() {
    let cause = failure("slot-exited");
    let tail = step(Phase::Commit, "web", 0);
    type Change = Box<dyn Fn(&mut DeploymentRecord)>;
    let table: Vec<(Event, Change)> = vec![
        (Event::Intended { at: step(Phase::Prepare, "web", 0) }, Box::new(|_| {})),
        (Event::Failed { at: step(Phase::Prepare, "web", 0), failure: failure("x") }, Box::new(|_| {})),
        (Event::Sealed, Box::new(|record| record.stage = Stage::Sealed)),
        (Event::Decided, Box::new(|record| record.stage = Stage::Committing)),
        (Event::Failed { at: tail, failure: failure("prune") }, Box::new(|record| record.leftovers = vec![failure("prune")])),
        (
            Event::RollingBack { failure: cause.clone() },
            Box::new(move |record| {
                record.failure = Some(cause.clone());
                record.stage = Stage::RollingBack { failure: cause.clone() };
            }),
        ),
        (
            CLOSED,
            Box::new(|record| {
                record.stage = Stage::Closed { outcome: Outcome::Committed };
                record.ended_at = Some(Moment(5_000));
            }),
        ),
    ];
    for (event, change) in table {
        let kept = Kept::new().await;
        kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
        kept.ledger.append(&id("d-1"), Moment(5_000), &event, &[]).await.unwrap();
        let mut expect = begun("d-1", "dev").record;
        change(&mut expect);
        assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap().unwrap().record, expect, "{event:?}");
    }
}

#[tokio::test]
async fn a_commit_step_that_worked_at_last_is_no_leftover() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    let [first, second] = [0, 1].map(|index| step(Phase::Commit, "web", index));
    let failed = |at: &StepRef, code: &str| Event::Failed { at: at.clone(), failure: failure(code) };
    for event in [failed(&first, "a"), failed(&second, "b"), failed(&second, "c"), Event::Done { at: first.clone() }] {
        kept.ledger.append(&id("d-1"), Moment(2_000), &event, &[]).await.unwrap();
    }
    assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap().unwrap().record.leftovers, [failure("c")]);
}

#[tokio::test]
async fn a_lease_is_renewed() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    kept.ledger.renew(&id("d-1"), Moment(77_000)).await.unwrap();
    assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap().unwrap().lease_until, Moment(77_000));
}

#[tokio::test]
async fn what_is_not_there_cannot_be_written_to() {
    let kept = Kept::new().await;
    assert_eq!(kept.ledger.renew(&id("d-1"), Moment(1)).await.unwrap_err().code, "deployment-unknown");
    assert_eq!(kept.ledger.append(&id("d-1"), Moment(1), &CLOSED, &[]).await.unwrap_err().code, "deployment-unknown");
}

#[tokio::test]
async fn unsettled_and_history() {
    let kept = Kept::new().await;
    for name in ["d-3", "d-1", "d-2"] {
        kept.ledger.begin(&begun(name, "dev")).await.unwrap();
        close(&kept.ledger, name).await;
    }
    kept.ledger.begin(&begun("d-4", "dev")).await.unwrap();
    kept.ledger.begin(&begun("e-1", "production")).await.unwrap();

    let open: Vec<_> = kept.ledger.unsettled().await.unwrap().into_iter().map(|stored| stored.record.id).collect();
    assert_eq!(open, [id("d-4"), id("e-1")]);
    let history = async |limit| -> Vec<_> {
        let records = kept.ledger.history(&key("dev"), limit).await.unwrap();
        records.into_iter().map(|record| (record.id, record.ended_at)).collect()
    };
    assert_eq!(history(2).await, [(id("d-4"), None), (id("d-3"), Some(Moment(9_000)))]);
    assert_eq!(history(9).await.len(), 4);
    assert_eq!(kept.ledger.history(&key("nowhere"), 9).await.unwrap(), []);
    assert_eq!(kept.ledger.environments().await.unwrap(), [key("dev"), key("production")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn appends_follow_each_other() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    let (ledger, name) = (&kept.ledger, id("d-1"));
    let append = |task: u32| {
        let name = name.clone();
        async move {
            for index in 0..10 {
                let at = step(Phase::Prepare, &format!("c{task}"), index);
                ledger.append(&name, Moment(2_000), &Event::Intended { at }, &[]).await.unwrap();
            }
        }
    };
    futures_util::future::join_all((0..8).map(append)).await;

    let journal = ledger.deployment(&name).await.unwrap().unwrap().journal;
    assert_eq!(journal.len(), 80);
    for task in 0..8 {
        let name = component(&format!("c{task}"));
        let own = journal.iter().filter_map(|event| match event {
            Event::Intended { at } if at.component == name => Some(at.index),
            _ => None,
        });
        assert!(own.eq(0..10), "{name} out of order");
    }
}

#[tokio::test]
async fn durations_are_medians_of_the_last_ten_that_were_committed() {
    let kept = Kept::new().await;
    let run = async |n: u64, web_ms: u64, outcome: Outcome| {
        let name = format!("d-{n:02}");
        kept.ledger.begin(&begun(&name, "dev")).await.unwrap();
        let steps = [
            (0, Event::Intended { at: step(Phase::Prepare, "web", 0) }),
            (5, Event::Intended { at: step(Phase::Prepare, "api", 0) }),
            (15, Event::Done { at: step(Phase::Prepare, "api", 0) }),
            (20, Event::Done { at: step(Phase::Prepare, "web", 0) }),
            (web_ms, Event::Done { at: step(Phase::Verify, "web", 0) }),
            (9_000, Event::Intended { at: step(Phase::Commit, "web", 0) }),
            (9_999, Event::Done { at: step(Phase::Commit, "web", 0) }),
            (9_999, Event::Closed { outcome }),
        ];
        for (ms, event) in steps {
            kept.ledger.append(&id(&name), Moment(1_000).plus(ms), &event, &[]).await.unwrap();
        }
    };
    assert!(kept.ledger.durations(&key("dev")).await.unwrap().is_empty());
    for n in 0..5 {
        run(n, 8_000, Outcome::Committed).await;
    }
    for n in 5..15 {
        run(n, 100 + n, Outcome::Committed).await;
    }
    run(15, 8_000, Outcome::RolledBack).await;
    // 105 to 114: the oldest five are left out, and what was rolled back.
    assert_eq!(kept.ledger.durations(&key("dev")).await.unwrap(), [(component("api"), 10), (component("web"), 109)].into());
}
