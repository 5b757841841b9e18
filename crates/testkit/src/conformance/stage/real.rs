//! The host in this process, with real effects.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_api::HostApi;
use plimsoll_host::daemon::Options;
use plimsoll_host::supervise::Supervision;
use plimsoll_model::slot::ObservedSlot;

use super::process::Process;
use super::{Stage, request};
use crate::conformance::Program;
use crate::fixtures::Home;

/// A host with a folder of its own.
pub struct Real {
    process: Process,
    program: PathBuf,
    home: Home,
}

impl Real {
    /// A host whose keepers and proxy are started from the binary that [`Home`] finds. Its slots run the program for tests at
    /// `program`.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        let home = Home::new();
        let env = std::env::var("PATH").map(|path| BTreeMap::from([("PATH".to_owned(), path)])).unwrap_or_default();
        let (folder, exe) = (home.path().to_owned(), home.binary().to_owned());
        let policy = folder.join("host.toml");
        let options =
            Options { folder, exe, build: "conformance".into(), env, user: "conformance".into(), supervision: Supervision::default(), policy };
        Self { process: Process::new(options), program, home }
    }
}

#[async_trait]
impl Stage for Real {
    fn host(&self) -> &dyn HostApi {
        &self.process
    }

    fn command(&self) -> String {
        format!("exec {} {}", self.program.display(), self.home.path().display())
    }

    fn made(&self, _: &Program) {}

    async fn kill(&self) {
        self.process.kill().await;
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
