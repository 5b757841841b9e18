//! The hands of one host process: every effect that it has on its machine, for as long as it lives.

mod certificates;
pub(crate) mod databases;
mod enrolments;
mod prober;
mod releases;
mod router;
mod runs;
mod secrets;
mod supervisor;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_host::clock::Clock;
use plimsoll_host::{Trouble, World};
use plimsoll_model::time::Moment as Time;
use tokio_util::sync::CancellationToken;

use super::Machine;
use super::books::Active;
use super::deed::Deed;
use super::fault::{EffectFault, Moment};
use super::machine::State;
use super::tempo::Work;

/// How long an effect takes at most where effects take time, in milliseconds.
const LONGEST_MS: u64 = 4;

/// One host process' hold on its machine. Once it is dead, nothing that it began ever returns.
#[derive(Clone)]
pub(super) struct Hands {
    machine: Machine,
    dead: CancellationToken,
    /// The host brings back what is on record.
    starting: Arc<AtomicBool>,
}

impl Hands {
    pub(super) fn new(machine: Machine, dead: CancellationToken) -> Self {
        let now = machine.chronicle().now();
        machine.state().books.started = Some(now);
        Self { machine, dead, starting: Arc::new(AtomicBool::new(true)) }
    }

    pub(super) fn world(&self) -> World {
        let hands = Arc::new(self.clone());
        World {
            ledger: hands.clone(),
            releases: hands.clone(),
            secrets: hands.clone(),
            certificates: hands.clone(),
            runs: hands.clone(),
            enrolments: hands.clone(),
            authority: hands.clone(),
            databases: hands.clone(),
            supervisor: hands.clone(),
            router: hands.clone(),
            prober: hands.clone(),
            clock: hands,
        }
    }

    pub(super) fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The host has started: from now on only steps have effects.
    pub(super) fn started(&self) {
        self.starting.store(false, Ordering::Relaxed);
    }

    fn is_starting(&self) -> bool {
        self.starting.load(Ordering::Relaxed)
    }

    /// Never returns when the process is dead.
    pub(super) async fn alive(&self) {
        if self.dead.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }

    /// Lets others have their turn, and time pass.
    pub(super) async fn pause(&self) {
        self.alive().await;
        let pause_ms = self.machine.state().next_pause();
        match pause_ms {
            0 => tokio::task::yield_now().await,
            ms => tokio::time::sleep(Duration::from_millis(ms)).await,
        }
        self.alive().await;
    }

    async fn wait(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        self.alive().await;
    }

    pub(super) async fn die(&self) {
        self.machine.chronicle().tell(self.machine.name(), || "DIES".into());
        self.dead.cancel();
        std::future::pending::<()>().await;
    }

    /// Has an effect, unless that is what is to go wrong.
    async fn effect<T>(&self, deed: Deed, effect: impl FnOnce(&mut State) -> Result<T, Trouble>) -> Result<T, Trouble> {
        self.pause().await;
        self.work(|active| deed.is_work_of(&active.at.component, active.step, active.undo)).await?;
        let now = self.machine.chronicle().now_ms();
        let fault = self.machine.state().faults.of_effect(&deed, now);
        if let Some(fault) = fault {
            self.machine.chronicle().count(fault.kind());
            self.machine.chronicle().tell(self.machine.name(), || format!("({} when it {deed})", fault.kind()));
        }
        let spoiled = || Err(Trouble::new("made-to-fail", format!("it was made to fail when it {deed}")));
        match fault {
            None => self.have(&deed, effect),
            Some(EffectFault::Fails(_)) => spoiled(),
            Some(EffectFault::Half) => self.have(&deed, effect).and_then(|_| spoiled()),
            Some(EffectFault::Hangs(ms, Moment::Before)) => {
                self.wait(ms).await;
                self.have(&deed, effect)
            }
            Some(EffectFault::Hangs(ms, Moment::After)) => {
                let had = self.have(&deed, effect);
                self.wait(ms).await;
                had
            }
            Some(EffectFault::Dies(moment)) => {
                let had = (moment == Moment::After).then(|| self.have(&deed, effect));
                self.die().await;
                had.unwrap_or_else(spoiled)
            }
        }
    }

    /// Lets the time pass that a step which is under way takes, once; fails when that is what is to become of it.
    async fn work(&self, is_it: impl Fn(&Active<'_>) -> bool) -> Result<(), Trouble> {
        let work = self.machine.state().begin_work(is_it);
        let Some(Work { at, ms, fails }) = work else { return Ok(()) };
        if ms > 0 {
            self.wait(ms).await;
        }
        if fails { Err(Trouble::new("made-to-fail", format!("{at} was made to fail"))) } else { Ok(()) }
    }

    fn have<T>(&self, deed: &Deed, effect: impl FnOnce(&mut State) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let chronicle = self.machine.chronicle();
        chronicle.tell(self.machine.name(), || deed.to_string());
        let now = chronicle.now_ms();
        let mut state = self.machine.state();
        for (invariant, what) in state.objections(deed, self.is_starting(), now) {
            chronicle.violated(invariant, format!("{} {what}", self.machine.name()));
        }
        effect(&mut state)
    }
}

impl State {
    /// How long the next effect takes, in milliseconds.
    fn next_pause(&mut self) -> u64 {
        let Some(pace) = &mut self.pace else { return 0 };
        *pace = pace.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Most take no time worth telling, so that much happens at the same moment.
        (*pace >> 33) % 16 % (LONGEST_MS + 8) / 3
    }
}

#[async_trait]
impl Clock for Hands {
    fn now(&self) -> Time {
        self.machine.clock()
    }

    async fn sleep_until(&self, until: Time) {
        tokio::time::sleep(Duration::from_millis(until.since(self.now()))).await;
        self.alive().await;
    }
}
