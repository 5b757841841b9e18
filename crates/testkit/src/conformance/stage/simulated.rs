//! The host in memory.

use async_trait::async_trait;
use plimsoll_api::HostApi;
use plimsoll_model::slot::ObservedSlot;

use super::Stage;
use crate::conformance::{Behaviour, Program};
use crate::world::{self, Machine, SimHost};

/// A simulated host on a machine in memory. Whoever plays on it pauses the time of Tokio.
pub struct Simulated {
    machine: Machine,
    host: SimHost,
}

impl Default for Simulated {
    fn default() -> Self {
        let machine = Machine::default();
        Self { host: SimHost::new(machine.clone()), machine }
    }
}

#[async_trait]
impl Stage for Simulated {
    fn host(&self) -> &dyn HostApi {
        &self.host
    }

    fn command(&self) -> String {
        "./program".into()
    }

    fn made(&self, program: &Program) {
        let behaviour = match program.behaviour {
            Behaviour::Serves => world::Behaviour::Serves,
            Behaviour::Hangs => world::Behaviour::NeverHealthy,
            Behaviour::Exits => world::Behaviour::ExitsAtOnce,
        };
        self.machine.behaves(program.release(), behaviour);
        self.machine.says(program.release(), program.words());
    }

    async fn kill(&self) {
        self.host.kill().await;
    }

    async fn ask(&self, port: u16) -> Option<String> {
        let words = self.machine.answer(port)?;
        Some(words.strip_prefix("version ")?.strip_suffix(" starts")?.to_owned())
    }

    async fn freeze(&self, slot: &ObservedSlot) {
        self.machine.freeze(slot.port);
    }

    async fn occupy(&self, port: u16) -> Box<dyn Send> {
        self.machine.occupy(port);
        Box::new(())
    }
}
