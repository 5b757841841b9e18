//! The daemon: HostApi over HTTP on a Unix socket.
//!
//! [`bind`] claims the folder and listens, [`serve`] answers until it is told to stop, [`Starter`] tells whoever started
//! the daemon on demand how that went. What requests look like is said in [`plimsoll_api::wire`]; what they do is left to
//! the [`HostApi`] behind.

mod answer;
mod ask;
mod bind;
mod connections;
mod files;
mod gate;
mod lines;
mod parts;
mod routes;
mod starter;

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use plimsoll_api::wire::piece::{Place, Search};
use plimsoll_api::{HostApi, HostError};
use plimsoll_model::{DeploymentId, Digest, EnvironmentKey};
use tokio::io::AsyncRead;
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use bind::{Lock, adopt, bind};
pub use gate::Owners;
pub use starter::Starter;

/// What a daemon needs of its host beside [`HostApi`].
#[async_trait]
pub trait Intake: Send + Sync {
    /// Takes the content of one file in, as it arrives (an upload as [`HostApi`] has it names files of the machine that sends), and refuses it when its hash is another. `size` in bytes. `content` holds just that
    /// many; reading it fails when the client is gone before all of them came.
    async fn take(&self, digest: Digest, size: u64, content: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), HostError>;

    /// Where pieces of a large file lie that was offered: for each, in their order.
    async fn places(&self, search: Search) -> Result<Vec<Option<Place>>, HostError>;

    /// What lies at a place that was told for `file`: `length` bytes.
    async fn piece(&self, file: Digest, place: Place, length: u32) -> Result<Bytes, HostError>;

    /// The environment of a deployment; none when there is no such deployment.
    async fn environment(&self, id: &DeploymentId) -> Option<EnvironmentKey>;
}

/// All that a request is answered with.
#[derive(Clone)]
pub(crate) struct Desk {
    api: Arc<dyn HostApi>,
    intake: Arc<dyn Intake>,
    /// Whose the projects are.
    owners: Arc<Owners>,
    /// Orders under way. They belong to the daemon, not to the connections that brought them.
    orders: TaskTracker,
    /// The daemon is to end.
    end: CancellationToken,
}

impl Desk {
    /// The same for a user of this machine.
    fn of(&self, user: u32) -> Self {
        if user == 0 || user == rustix::process::geteuid().as_raw() {
            return self.clone();
        }
        let gate = gate::Gate { inner: Arc::clone(&self.api), intake: Arc::clone(&self.intake), owners: Arc::clone(&self.owners), user };
        Self { api: Arc::new(gate), ..self.clone() }
    }
}

/// Serves until `stop` resolves or a request to stop was answered. Then nobody new is let in, and requests and orders under
/// way have 10 s to finish; what is left of them ends with the process, as in a crash.
///
/// # Errors
/// The listener cannot be used.
pub async fn serve(
    api: Arc<dyn HostApi>,
    intake: Arc<dyn Intake>,
    owners: Owners,
    listener: UnixListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let desk = Desk { api, intake, owners: Arc::new(owners), orders: TaskTracker::new(), end: CancellationToken::new() };
    connections::serve(&desk, listener, stop).await
}
