//! The hands of one host process: every effect that it has on its machine, for as long as it lives.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_api::{LogLine, LogQuery};
use plimsoll_host::clock::Clock;
use plimsoll_host::ledger::SlotRow;
use plimsoll_host::probe::Prober;
use plimsoll_host::releases::Releases;
use plimsoll_host::route::Router;
use plimsoll_host::secrets::SecretStore;
use plimsoll_host::supervise::{Running, Supervisor};
use plimsoll_host::{Trouble, World};
use plimsoll_model::plan::PortUse;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::route::Route;
use plimsoll_model::slot::Condition;
use plimsoll_model::time::Moment as Time;
use plimsoll_model::{ComponentName, ConfigHash, Digest, EnvironmentKey, RelPath, ReleaseId, Secret, SlotId};
use tokio::io::AsyncRead;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Machine;
use super::machine::{Behaviour, State};

/// One host process' hold on its machine. Once it is dead, nothing that it began ever returns.
#[derive(Clone)]
pub(super) struct Hands {
    machine: Machine,
    dead: CancellationToken,
}

impl Hands {
    pub(super) fn new(machine: Machine, dead: CancellationToken) -> Self {
        Self { machine, dead }
    }

    pub(super) fn world(&self) -> World {
        let hands = Arc::new(self.clone());
        World {
            ledger: hands.clone(),
            releases: hands.clone(),
            secrets: hands.clone(),
            supervisor: hands.clone(),
            router: hands.clone(),
            prober: hands.clone(),
            clock: hands,
        }
    }

    pub(super) fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Never returns when the process is dead.
    pub(super) async fn alive(&self) {
        if self.dead.is_cancelled() {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }

    pub(super) async fn die(&self) {
        self.dead.cancel();
        std::future::pending::<()>().await;
    }

    /// Has an effect, unless it is the one that is to fail.
    async fn effect<T>(&self, name: &str, effect: impl FnOnce(&mut State) -> T) -> Result<T, Trouble> {
        self.alive().await;
        let mut state = self.machine.state();
        let number = state.effects;
        state.effects += 1;
        if state.fail.take_if(|fail| *fail == number).is_some() {
            return Err(Trouble::new("made-to-fail", format!("{name} was made to fail")));
        }
        let done = effect(&mut state);
        state.judge(name);
        Ok(done)
    }
}

/// The moment at which all simulated worlds begin, in milliseconds since 1970.
const BEGINNING_MS: i64 = 1_700_000_000_000;

#[async_trait]
impl Clock for Hands {
    fn now(&self) -> Time {
        thread_local!(static START: tokio::time::Instant = tokio::time::Instant::now());
        let passed = START.with(tokio::time::Instant::elapsed).as_millis();
        Time(BEGINNING_MS + i64::try_from(passed).unwrap_or(i64::MAX))
    }

    async fn sleep_until(&self, until: Time) {
        tokio::time::sleep(Duration::from_millis(until.since(self.now()))).await;
        self.alive().await;
    }
}

#[async_trait]
impl Releases for Hands {
    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, Trouble> {
        self.effect("offer", |state| state.releases.insert(release.id)).await.map(|_| Vec::new())
    }

    async fn take(&self, _: Digest, _: u64, _: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), Trouble> {
        self.effect("take", |_| ()).await
    }

    async fn has(&self, release: &ReleaseId) -> Result<bool, Trouble> {
        self.alive().await;
        Ok(self.machine.state().releases.contains(release))
    }

    async fn stage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId, _: &[RelPath]) -> Result<(), Trouble> {
        let place = (key.clone(), component.clone(), *release);
        self.effect("stage", |state| state.staged.insert(place)).await.map(|_| ())
    }

    fn folder(&self, _: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> PathBuf {
        PathBuf::from(format!("/{component}/{release}"))
    }

    async fn unstage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> Result<(), Trouble> {
        let place = (key.clone(), component.clone(), *release);
        self.effect("unstage", |state| state.staged.remove(&place)).await.map(|_| ())
    }

    async fn prune(&self, _: &ReleaseId) -> Result<(), Trouble> {
        self.effect("prune", |_| ()).await
    }

    async fn verify(&self, _: &ReleaseId) -> Result<Vec<RelPath>, Trouble> {
        Ok(Vec::new())
    }

    fn disk_free_bytes(&self) -> u64 {
        1 << 40
    }
}

#[async_trait]
impl SecretStore for Hands {
    async fn keep(
        &self,
        key: &EnvironmentKey,
        component: &ComponentName,
        config: &ConfigHash,
        values: &BTreeMap<String, Secret<String>>,
    ) -> Result<(), Trouble> {
        let place = (key.clone(), component.clone(), *config);
        self.effect("keep secrets", |state| drop(state.secrets.insert(place, values.clone()))).await
    }

    async fn read(&self, key: &EnvironmentKey, component: &ComponentName, config: &ConfigHash) -> Result<BTreeMap<String, Secret<String>>, Trouble> {
        self.alive().await;
        Ok(self.machine.state().secrets.get(&(key.clone(), component.clone(), *config)).cloned().unwrap_or_default())
    }

    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<(ComponentName, ConfigHash)>) -> Result<(), Trouble> {
        let wanted =
            |(of, component, config): &(EnvironmentKey, ComponentName, ConfigHash)| of != key || needed.contains(&(component.clone(), *config));
        self.effect("sweep secrets", |state| state.secrets.retain(|place, _| wanted(place))).await
    }
}

impl State {
    fn behaviour(&self, row: &SlotRow) -> Behaviour {
        self.behaviours.get(&row.release).copied().unwrap_or(Behaviour::Serves)
    }
}

#[async_trait]
impl Supervisor for Hands {
    fn judge(&self, _: &SlotRow) -> Result<(), Trouble> {
        Ok(())
    }

    async fn free_port(&self, taken: &[u16]) -> Result<u16, Trouble> {
        self.alive().await;
        (20_000..30_000).find(|port| !taken.contains(port)).ok_or_else(|| Trouble::new("no-free-port", "none"))
    }

    async fn start(&self, row: &SlotRow, _: PathBuf, _: &BTreeMap<String, Secret<String>>) -> Result<(), Trouble> {
        let place = (row.key.clone(), row.slot.clone());
        self.effect("start", |state| drop(state.running.insert(place, row.clone()))).await
    }

    async fn look(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<Running, Trouble> {
        self.alive().await;
        let runs = self.machine.state().running.contains_key(&(key.clone(), slot.clone()));
        Ok(Running { condition: if runs { Condition::Running } else { Condition::Stopped }, pid: runs.then_some(1), restarts: 0 })
    }

    async fn ended(&self, key: &EnvironmentKey, slot: &SlotId) -> String {
        self.alive().await;
        let ends = {
            let state = self.machine.state();
            let row = state.running.get(&(key.clone(), slot.clone()));
            row.is_none_or(|row| state.behaviour(row) == Behaviour::ExitsAtOnce)
        };
        if !ends {
            std::future::pending::<()>().await;
        }
        "exit code 1".into()
    }

    async fn output(&self, _: &EnvironmentKey, _: &SlotId, _: u32) -> Vec<String> {
        vec!["last words".into()]
    }

    async fn lines(&self, _: &LogQuery, _: mpsc::Sender<LogLine>) -> Result<(), Trouble> {
        Ok(())
    }

    async fn stop(&self, key: &EnvironmentKey, slot: &SlotId, _: u64) -> Result<(), Trouble> {
        let place = (key.clone(), slot.clone());
        self.effect("stop", |state| drop(state.running.remove(&place))).await
    }

    async fn forget(&self, _: &EnvironmentKey, _: &SlotId) -> Result<(), Trouble> {
        self.effect("forget", |_| ()).await
    }
}

#[async_trait]
impl Router for Hands {
    async fn apply(&self, routes: Vec<Route>) -> Result<(), Trouble> {
        self.effect("apply", |state| state.routes = routes).await
    }

    async fn drain(&self, _: &EnvironmentKey, _: &SlotId, _: u64) -> Result<(), Trouble> {
        self.effect("drain", |_| ()).await
    }

    async fn port(&self, port: u16) -> Option<PortUse> {
        let routed = self.machine.state().routes.iter().any(|route| route.spec.matches.port == port);
        routed.then_some(PortUse::Proxy)
    }

    async fn pid(&self) -> Option<u32> {
        None
    }

    async fn stop(&self) -> Result<(), Trouble> {
        Ok(())
    }
}

#[async_trait]
impl Prober for Hands {
    async fn get(&self, address: SocketAddr, _: &str, _: &str, timeout_ms: u64) -> Result<u16, String> {
        self.connect(address, timeout_ms).await.map(|()| 200)
    }

    async fn connect(&self, address: SocketAddr, timeout_ms: u64) -> Result<(), String> {
        self.alive().await;
        let behaviour = {
            let state = self.machine.state();
            let route = state.routes.iter().find(|route| route.spec.matches.port == address.port());
            let row = route.map_or_else(|| state.running.values().find(|row| row.port == address.port()), |route| state.behind(route));
            row.map(|row| state.behaviour(row))
        };
        match behaviour {
            Some(Behaviour::Serves) => Ok(()),
            Some(Behaviour::NeverHealthy) => {
                tokio::time::sleep(Duration::from_millis(timeout_ms)).await;
                Err("no answer".into())
            }
            Some(Behaviour::ExitsAtOnce) | None => Err("connection refused".into()),
        }
    }
}
