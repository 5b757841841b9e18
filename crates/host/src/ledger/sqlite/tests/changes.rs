//! What a host holds: slots, staged releases, what serves.

use std::collections::BTreeMap;

use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::deployment::Event;
use plimsoll_model::plan::{Phase, Served, Target};
use plimsoll_model::slot::{Limits, ProcessSpec};
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, ConfigHash, Digest, SlotId};
use proptest::prelude::*;

use super::{Kept, begun, component, id, key, release, step};
use crate::ledger::{Change, ComponentRow, Ledger, SlotRow, SqliteLedger};

fn spec() -> ProcessSpec {
    ProcessSpec {
        run: "./web".into(),
        health: HealthCheck { question: Question::Http { path: "/health".into() }, interval_ms: 500, timeout_ms: 1_000 },
        env: [("LOG".to_owned(), "info".to_owned())].into(),
        secrets: [("KEY".to_owned(), Digest::of(b"keyed"))].into(),
        user: Some("web".into()),
        limits: Limits { memory_bytes: Some(1 << 40), ..Limits::default() },
        start_timeout_ms: 30_000,
        drain_timeout_ms: 10_000,
    }
}

fn slot(environment: &str, name: &str, number: u32, running: bool) -> SlotRow {
    SlotRow {
        key: key(environment),
        component: component(name),
        slot: SlotId::numbered(&component(name), number),
        release: release(number),
        config: ConfigHash(Digest::of(b"config")),
        spec: spec(),
        port: 20_000,
        running,
    }
}

fn gone(name: &str, number: u32) -> Change {
    Change::SlotGone { key: key("dev"), slot: SlotId::numbered(&component(name), number) }
}

fn staged(name: &str, n: u32) -> Change {
    Change::Staged { key: key("dev"), component: component(name), release: release(n) }
}

fn unstaged(name: &str, n: u32) -> Change {
    Change::Unstaged { key: key("dev"), component: component(name), release: release(n) }
}

fn served(name: &str, n: Option<u32>, since: i64) -> Change {
    let target = |n| Target::Slot { slot: SlotId::numbered(&component(name), n) };
    let serves =
        |n| Served { target: target(n), release: release(n), config: ConfigHash(Digest::of(b"c")), route: None, deployment: Some(id("d-1")) };
    Change::Served { key: key("dev"), component: component(name), served: n.map(serves), since: Moment(since) }
}

async fn write(ledger: &SqliteLedger, changes: &[Change]) {
    let event = Event::Intended { at: step(Phase::Prepare, "web", 0) };
    ledger.append(&id("d-1"), Moment(2_000), &event, changes).await.unwrap();
}

async fn after(changes: &[Change]) -> BTreeMap<ComponentName, ComponentRow> {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    write(&kept.ledger, changes).await;
    kept.reopened().await.ledger.components(&key("dev")).await.unwrap()
}

#[tokio::test]
async fn all_of_a_component_comes_back() {
    let changes = [Change::Slot(slot("dev", "web", 3, true)), staged("web", 3), served("web", Some(3), 4_000)];
    let rows = after(&changes).await;
    let Change::Served { served, .. } = &changes[2] else { panic!("the last change is what serves") };
    let row = ComponentRow {
        served: served.clone(),
        since: Some(Moment(4_000)),
        slots: vec![slot("dev", "web", 3, true)],
        next_slot: 4,
        staged: vec![release(3)],
    };
    assert_eq!(rows, [(component("web"), row)].into());
}

#[tokio::test]
async fn the_last_used_release_is_the_first() {
    let check = async |changes: &[Change], expect: &[u32]| {
        let expect: Vec<_> = expect.iter().map(|n| release(*n)).collect();
        assert_eq!(after(changes).await[&component("web")].staged, expect, "{changes:?}");
    };
    let three = [staged("web", 1), staged("web", 2), staged("web", 3)];
    check(&three, &[3, 2, 1]).await;
    check(&[&three[..], &[staged("web", 1)]].concat(), &[1, 3, 2]).await;
    check(&[&three[..], &[served("web", Some(2), 1)]].concat(), &[2, 3, 1]).await;
    check(&[&three[..], &[unstaged("web", 3), staged("web", 3)]].concat(), &[3, 2, 1]).await;
    check(&[&three[..], &[served("web", Some(9), 1), served("web", None, 1)]].concat(), &[3, 2, 1]).await;
}

#[tokio::test]
async fn slot_numbers_rise_and_never_fall() {
    let check = async |changes: &[Change], expect: u32| assert_eq!(after(changes).await[&component("web")].next_slot, expect, "{changes:?}");
    let at = |n| Change::Slot(slot("dev", "web", n, true));
    check(&[staged("web", 1)], 0).await;
    check(&[at(0)], 1).await;
    check(&[at(5), at(2)], 6).await;
    check(&[at(5), gone("web", 5)], 6).await;
    check(&[at(5), gone("web", 5), served("web", None, 1)], 6).await;
}

#[tokio::test]
async fn environments_do_not_mix() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    write(&kept.ledger, &[Change::Slot(slot("dev", "web", 1, true)), Change::Slot(slot("production", "web", 1, false)), gone("web", 1)]).await;
    assert_eq!(kept.ledger.components(&key("dev")).await.unwrap()[&component("web")].slots, []);
    assert_eq!(kept.ledger.components(&key("production")).await.unwrap()[&component("web")].slots, [slot("production", "web", 1, false)]);
    assert!(kept.ledger.components(&key("nowhere")).await.unwrap().is_empty());
}

#[tokio::test]
async fn changes_come_with_their_event_or_not_at_all() {
    let kept = Kept::new().await;
    let event = Event::Sealed;
    kept.ledger.append(&id("d-1"), Moment(2_000), &event, &[staged("web", 1)]).await.unwrap_err();
    assert!(kept.ledger.components(&key("dev")).await.unwrap().is_empty());

    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    // A failure in the last change takes the event and the first change back.
    sqlx::query("CREATE TRIGGER full BEFORE INSERT ON slots BEGIN SELECT raise(ABORT, 'no'); END").execute(&kept.ledger.pool).await.unwrap();
    let changes = [staged("web", 1), Change::Slot(slot("dev", "web", 1, true))];
    kept.ledger.append(&id("d-1"), Moment(2_000), &event, &changes).await.unwrap_err();
    assert!(kept.ledger.components(&key("dev")).await.unwrap().is_empty());
    assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap(), Some(begun("d-1", "dev")));
}

#[tokio::test]
async fn a_secret_key_is_made_once() {
    let kept = Kept::new().await;
    let first = kept.ledger.secret_key(&key("dev")).await.unwrap();
    assert_ne!(first, kept.ledger.secret_key(&key("production")).await.unwrap());
    assert_ne!(first, [0; 32]);
    assert!(kept.ledger.environments().await.unwrap().is_empty(), "a key alone is no deployment");
    assert_eq!(kept.reopened().await.ledger.secret_key(&key("dev")).await.unwrap(), first);
}

fn any_change() -> impl Strategy<Value = Change> {
    let name = prop::sample::select(vec!["web", "api"]);
    (name, 0..5_u32, 0..6_u32, any::<bool>(), 0..100_i64).prop_map(|(name, n, kind, flag, since)| match kind {
        0 | 1 => Change::Slot(slot("dev", name, n, flag)),
        2 => gone(name, n),
        3 => staged(name, n),
        4 => unstaged(name, n),
        _ => served(name, flag.then_some(n), since),
    })
}

/// The same in memory, as plainly as it can be said.
fn model(rows: &mut BTreeMap<ComponentName, ComponentRow>, change: &Change) {
    match change {
        Change::Told(_) => {}
        Change::Slot(slot) => {
            let row = rows.entry(slot.component.clone()).or_default();
            row.slots.retain(|other| other.slot != slot.slot);
            row.slots.push(slot.clone());
            row.slots.sort_by_key(|slot| slot.slot.clone());
            let number: u32 = slot.slot.as_str().rsplit('-').next().unwrap().parse().unwrap();
            row.next_slot = row.next_slot.max(number + 1);
        }
        Change::SlotGone { slot, .. } => rows.values_mut().for_each(|row| row.slots.retain(|other| other.slot != *slot)),
        Change::Staged { component, release, .. } => {
            let row = rows.entry(component.clone()).or_default();
            row.staged.retain(|other| other != release);
            row.staged.insert(0, *release);
        }
        Change::Unstaged { component, release, .. } => {
            rows.entry(component.clone()).and_modify(|row| row.staged.retain(|other| other != release));
        }
        Change::Served { component, served, since, .. } => {
            let row = rows.entry(component.clone()).or_default();
            (row.served, row.since) = (served.clone(), Some(*since));
            if let Some(place) = served.as_ref().and_then(|served| row.staged.iter().position(|release| *release == served.release)) {
                row.staged[..=place].rotate_right(1);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn changes_do_what_the_model_does(batches in prop::collection::vec(prop::collection::vec(any_change(), 0..8), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let real = runtime.block_on(async {
            let kept = Kept::new().await;
            kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
            for batch in &batches {
                write(&kept.ledger, batch).await;
            }
            kept.ledger.components(&key("dev")).await.unwrap()
        });
        let mut expect = BTreeMap::new();
        batches.iter().flatten().for_each(|change| model(&mut expect, change));
        prop_assert_eq!(real, expect);
    }
}
