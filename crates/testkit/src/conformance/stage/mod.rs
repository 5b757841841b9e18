//! Stages: what a case cannot do through `HostApi` alone, done by each kind of host in its own way.

mod process;
mod real;
mod remote;
mod request;
mod simulated;

use async_trait::async_trait;
use plimsoll_api::HostApi;
use plimsoll_model::slot::ObservedSlot;

use super::Program;

pub use real::Real;
pub use remote::Remote;
pub use simulated::Simulated;

/// A host of its own for one case, and the machine that it runs on.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The host. When its process was killed or has stopped, the next question starts another one.
    fn host(&self) -> &dyn HostApi;

    /// The command line that runs whatever [`Program`] the release holds.
    fn command(&self) -> String;

    /// Told of every program before its release is offered.
    fn made(&self, program: &Program);

    /// Kills the host process, and returns when it is gone. Slots and routes go on.
    async fn kill(&self);

    /// What answers a GET of `/` on this port of the machine: the version, or none when nothing answers well.
    async fn ask(&self, port: u16) -> Option<String>;

    /// Lets the program of a slot hang from now on.
    async fn freeze(&self, slot: &ObservedSlot);

    /// Listens on a port, as a program does that belongs to nobody here, until the answer is dropped.
    async fn occupy(&self, port: u16) -> Box<dyn Send>;
}
