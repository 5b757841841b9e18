//! The daemon, reached over its socket.

use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_api::HostApi;
use plimsoll_connect::{Client, Daemon};
use plimsoll_model::audit::Actor;
use plimsoll_model::slot::ObservedSlot;

use super::{Stage, request};
use crate::conformance::Program;
use crate::fixtures::{Home, Process};

/// A daemon with a home of its own, and a client of it.
pub struct Remote {
    client: Client,
    program: PathBuf,
    home: Home,
}

impl Remote {
    /// Starts a daemon from the binary that [`Home`] finds. Its slots run the program for tests at `program`.
    ///
    /// # Panics
    /// When the daemon does not start.
    pub async fn new(program: PathBuf) -> Self {
        let home = Home::new();
        let daemon = Daemon { exe: home.binary().to_owned(), home: home.path().to_owned(), by: Actor::host("ada", "laptop") };
        let client = daemon.connect().await.expect("the daemon starts");
        Self { client, program, home }
    }
}

#[async_trait]
impl Stage for Remote {
    fn host(&self) -> &dyn HostApi {
        &self.client
    }

    fn command(&self) -> String {
        format!("exec {} {}", self.program.display(), self.home.path().display())
    }

    fn made(&self, _: &Program) {}

    async fn kill(&self) {
        self.home.processes("host serve").iter().for_each(Process::kill);
    }

    async fn ask(&self, port: u16) -> Option<String> {
        request::version(port).await
    }

    async fn freeze(&self, slot: &ObservedSlot) {
        request::freeze(slot);
    }

    async fn occupy(&self, port: u16) -> Box<dyn Send> {
        request::occupy(port)
    }
}
