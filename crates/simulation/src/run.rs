//! Playing a scenario, from its first act to a clean end.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::task::Poll;
use std::time::Duration;

use plimsoll_model::deployment::{Outcome, Stage as Progress};
use plimsoll_testkit::world::{Chronicle, Invariant, Violation};
use tokio_util::sync::CancellationToken;

use crate::arm::arm;
use crate::operator::{Operator, Proposal, Told};
use crate::project::{LEASE_MS, key};
use crate::scenario::{Act, Does, Fault, Scenario, Version};
use crate::stage::Stage;
use crate::{report, rest};

/// What came of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What happened and never may; empty when all is well.
    pub violations: Vec<Violation>,
    /// How often each kind of thing happened.
    pub counts: BTreeMap<&'static str, u64>,
    /// What happened, step by step, if that was asked for.
    pub story: Vec<String>,
}

/// How long what nothing holds up may still be under way when whoever asked for it is gone, in milliseconds.
const MOMENT_MS: u64 = 40;
/// How long after the end of its lease a host may take to put on record that it rolls back, in milliseconds.
const REACTION_MS: u64 = 10;
/// How often settling is tried before it counts as impossible.
const TRIES: usize = 60;
/// How often a second operator tries before it takes no for an answer.
const RIVAL_TRIES: u32 = 100;
/// How long one act may take, in seconds of its own time.
const LONGEST_ACT_S: u64 = 3 * 3_600;
/// The release that everything is at the end.
const LAST: Version = Version { release: 200, config: 0, route: 0, moved: None };

/// Plays a scenario; `telling` keeps its story, which takes its time.
#[must_use]
pub fn run(scenario: &Scenario, telling: bool) -> Verdict {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without I/O needs nothing of the system");
    let chronicle = runtime.block_on(async { if telling { Chronicle::telling() } else { Chronicle::default() } });
    let stage = Stage::new(scenario, chronicle.clone());
    let played = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(Play { stage, disturbed: false, shelf: None, linger_ms: MOMENT_MS, unwritable: false }.through())
    }));
    if played.is_err() {
        chronicle.violated(Invariant::Progress, "it panicked");
    }
    Verdict { violations: chronicle.violations(), counts: chronicle.counts(), story: chronicle.story() }
}

struct Play {
    stage: Stage,
    /// Something went wrong that may still have consequences.
    disturbed: bool,
    /// A plan that was made before.
    shelf: Option<Proposal>,
    /// How long what was begun may still be under way, in milliseconds.
    linger_ms: u64,
    /// A record could not be written, so that a host may have been unable to roll back.
    unwritable: bool,
}

impl Play {
    async fn through(mut self) {
        let acts = self.stage.scenario.acts.clone();
        for (number, act) in acts.iter().enumerate() {
            let old = self.shelf.take();
            if acts.get(number + 1).is_some_and(|next| next.old_plan) {
                self.shelf = self.look_ahead(&acts[number + 1].does).await;
            }
            let played = tokio::time::timeout(Duration::from_secs(LONGEST_ACT_S), self.act(number, act, old)).await;
            if played.is_err() {
                self.violated(Invariant::Progress, format!("act {number} does not end"));
            }
            if !self.stage.chronicle.is_clean() {
                return;
            }
        }
        self.finale().await;
    }

    fn violated(&self, invariant: Invariant, what: impl Into<String>) {
        self.stage.chronicle.violated(invariant, what);
    }

    async fn look_ahead(&self, does: &Does) -> Option<Proposal> {
        self.operator("looker", &AtomicBool::new(false), CancellationToken::new()).propose(does).await.ok().flatten()
    }

    fn operator<'a>(&'a self, name: &'static str, objection: &'a AtomicBool, cancel: CancellationToken) -> Operator<'a> {
        Operator { stage: &self.stage, name, objection, cancel }
    }

    async fn act(&mut self, number: usize, act: &Act, old: Option<Proposal>) {
        self.stage.calm();
        self.stage.chronicle.tell("ACT", || format!("{number}: {:?}, with {:?}, rival {:?}", act.does, act.faults, act.rival));
        self.stage.chronicle.count("acts");
        let from_shelf = old.is_some();
        let quiet = !self.disturbed && act.faults.is_empty() && act.rival.is_none() && !from_shelf;
        self.disturbed |= !quiet;
        self.unwritable |= act.faults.iter().any(|fault| matches!(fault, Fault::RecordFails { .. }));
        let hangs = act.faults.iter().map(|fault| if let Fault::EffectHangs { ms, .. } = fault { *ms } else { 0 });
        self.linger_ms = hangs.fold(self.linger_ms, |longest, ms| longest.max(ms + MOMENT_MS));
        let told = self.play(act, old).await;
        if let (true, Some(told)) = (quiet, &told) {
            self.judge_quiet(&act.does, told);
        }
        if act.settles {
            self.rest(false).await;
        }
    }

    /// Answers what the operator was told, if they lived to hear it.
    async fn play(&self, act: &Act, old: Option<Proposal>) -> Option<Told> {
        let (objection, cancel) = (AtomicBool::new(act.faults.contains(&Fault::Objection)), CancellationToken::new());
        let armed = arm(&self.stage, &act.faults, &cancel);
        let first = self.operator("operator", &objection, cancel);
        let first = async {
            let told = self.until_death(act, first.carry_out(&act.does, old)).await;
            told.iter().for_each(|told| report::judge(&self.stage, "operator", told, self.disturbed));
            told
        };
        let second = async {
            let Some(rival) = &act.rival else { return };
            tokio::time::sleep(Duration::from_millis(rival.after_ms)).await;
            self.stage.chronicle.count("second operator");
            self.stage.chronicle.tell("rival", || format!("{:?}", rival.does));
            let told = self.insist(&rival.does).await;
            report::judge(&self.stage, "rival", &told, true);
        };
        let (told, ()) = tokio::join!(first, second);
        drop(armed);
        told
    }

    /// A second operator's command, given again and again for a while, so that it begins at the moment when it can.
    async fn insist(&self, does: &Does) -> Told {
        let objection = AtomicBool::new(false);
        let rival = self.operator("rival", &objection, CancellationToken::new());
        for _ in 0..RIVAL_TRIES {
            let told = rival.carry_out(does, None).await;
            if !matches!(&told, Told::Refused(why) if why.starts_with("lease-held")) {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        rival.carry_out(does, None).await
    }

    /// None when the operator dies before it is done.
    async fn until_death<T>(&self, act: &Act, work: impl Future<Output = T>) -> Option<T> {
        let turns = act.faults.iter().find_map(|fault| if let Fault::OperatorDies { turns } = fault { Some(*turns) } else { None });
        let mut left = turns;
        let mut work = pin!(work);
        let done = std::future::poll_fn(|context| match &mut left {
            Some(0) => Poll::Ready(None),
            left => {
                left.iter_mut().for_each(|left| *left -= 1);
                work.as_mut().poll(context).map(Some)
            }
        });
        let done = done.await;
        if done.is_none() {
            self.stage.chronicle.count("operator dies");
            self.stage.chronicle.tell("operator", || "DIES".into());
        }
        done
    }

    /// Where nothing disturbs, what is sound goes live.
    fn judge_quiet(&self, does: &Does, told: &Told) {
        let sound = match does {
            Does::Deploy(versions) => self.stage.scenario.is_sound(versions),
            Does::Down => true,
            Does::Rollback(_) | Does::Resume | Does::Wait(_) => false,
        };
        match told {
            Told::Ended(ended) if sound && !matches!(ended.outcome, Outcome::Committed | Outcome::Unchanged) => {
                self.violated(Invariant::Progress, format!("nothing stood in the way, and it is {}", ended.outcome));
            }
            Told::Refused(why) => self.violated(Invariant::Progress, format!("nothing stood in the way, and it is refused: {why}")),
            _ => {}
        }
    }

    /// Lets everything come to rest, as commands that come later would, and judges it.
    async fn rest(&mut self, clean: bool) {
        self.stage.calm();
        self.stage.chronicle.tell("REST", || "everything is settled".into());
        tokio::time::sleep(Duration::from_millis(self.linger_ms)).await;
        self.linger_ms = MOMENT_MS;
        self.judge_leases().await;
        for _ in 0..TRIES {
            let told = self.operator("settler", &AtomicBool::new(false), CancellationToken::new()).carry_out(&Does::Resume, None).await;
            self.stage.chronicle.tell("settler", || format!("{told:?}"));
            if matches!(told, Told::Nothing) && self.is_at_rest() {
                rest::judge(&self.stage, clean);
                self.disturbed = false;
                return;
            }
            tokio::time::sleep(Duration::from_millis(LEASE_MS)).await;
        }
        self.violated(Invariant::Progress, "what was cut off cannot be settled");
    }

    fn is_at_rest(&self) -> bool {
        self.stage.machines().all(|machine| machine.open().is_empty() && machine.is_complete(&key())) && !self.is_anything_on_its_way()
    }

    fn is_anything_on_its_way(&self) -> bool {
        self.stage.links.iter().any(crate::link::Link::is_busy)
    }

    /// A host that lives rolls back alone when its lease has ended: nobody renews it any more.
    async fn judge_leases(&mut self) {
        // A late message that is on its way may be one that renews it, of an operator that has died since.
        let excused = std::mem::take(&mut self.unwritable) | self.is_anything_on_its_way();
        // What a message that is late begins in the meantime has a lease of its own.
        let before: Vec<_> = self.stage.machines().map(|machine| machine.open().into_iter().map(|open| open.id).collect::<Vec<_>>()).collect();
        if before.iter().all(Vec::is_empty) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(LEASE_MS + REACTION_MS)).await;
        if excused || self.is_anything_on_its_way() {
            return;
        }
        for (link, before) in self.stage.links.iter().zip(before) {
            let machine = link.host.machine();
            let loose = machine.open().into_iter().find(|open| open.stage == Progress::Running && before.contains(&open.id));
            if let (Some(open), true) = (loose, link.host.lives().await) {
                self.violated(Invariant::Lease, format!("the lease of {} has ended, and {} does nothing", open.id, machine.name()));
            }
        }
    }

    /// The next deployment of everything is clean, whatever went before.
    async fn finale(&mut self) {
        self.rest(false).await;
        self.stage.calm();
        let versions = vec![Some(LAST); self.stage.scenario.parts.len()];
        self.stage.chronicle.tell("FINALE", || "everything is deployed once more".into());
        let told = self.operator("last", &AtomicBool::new(false), CancellationToken::new()).carry_out(&Does::Deploy(versions), None).await;
        report::judge(&self.stage, "last", &told, false);
        match told {
            Told::Ended(ended) if ended.outcome == Outcome::Committed && ended.leftovers.is_empty() => self.rest(true).await,
            told => self.violated(Invariant::Progress, format!("the last deployment is not clean: {told:?}")),
        }
    }
}
