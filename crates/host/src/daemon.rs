//! The daemon of this machine: a [`Host`] whose effects are real, served on its socket.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll_api::HostError;
use plimsoll_model::Digest;
use plimsoll_model::audit::Actor;
use tokio::io::AsyncRead;

use crate::clock::{Clock, SystemClock};
use crate::folders::Folders;
use crate::ledger::SqliteLedger;
use crate::look::machine;
use crate::policy::{Policy, RouteKind};
use crate::probe::NetworkProber;
use crate::releases::Store;
use crate::route::Router;
use crate::secrets::SecretFiles;
use crate::serve::{Intake, Starter, bind, serve};
use crate::trouble::Trouble;
use crate::world::World;
use crate::{About, Handle, Host, route, supervise};

/// What a daemon is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder for all of its state.
    pub folder: PathBuf,
    /// The binary from which keepers and the proxy are started.
    pub exe: PathBuf,
    /// Tells this build of it from another.
    pub build: String,
    /// What every program it runs gets as environment: `PATH` and the like.
    pub env: BTreeMap<String, String>,
    /// Who it runs as.
    pub user: String,
    /// The policy file of the host; there may be none.
    pub policy: PathBuf,
}

/// Serves until `stop` resolves or someone asks it to end. Slots and proxy go on after that.
///
/// # Errors
/// The folder belongs to another daemon, cannot be used, or was written by a newer version.
pub async fn run(options: Options, starter: Starter, stop: impl Future<Output = ()>) -> Result<(), Trouble> {
    let folders = Folders::new(&options.folder);
    let started = async {
        // Whoever connects from now on waits until the world is in order.
        let (lock, listener) = bind(&folders)?;
        let ledger = Arc::new(SqliteLedger::open(&folders.ledger()).await?);
        let host = start(&options, &folders, ledger.clone()).await?;
        Ok((lock, listener, ledger, host))
    };
    let (_lock, listener, ledger, host) = match started.await {
        Ok(started) => started,
        Err(trouble) => {
            starter.failed(&trouble);
            return Err(trouble);
        }
    };
    starter.ready();
    let handle = Arc::new(Handle(host));
    let broken = |error| Trouble::new("socket", format!("{} cannot be served: {error}", folders.socket().display()));
    let served = serve(handle.clone(), handle, listener, stop).await.map_err(broken);
    ledger.close().await;
    served
}

/// The host of this machine, not served to anyone. It takes up its work as any daemon does.
///
/// # Errors
/// Its folder cannot be used, or was written by a newer version.
pub async fn start(options: &Options, folders: &Folders, ledger: Arc<SqliteLedger>) -> Result<Arc<Host>, Trouble> {
    let (exe, env) = (&options.exe, &options.env);
    let supervisor = supervise::Builtin::new(exe.clone(), folders.clone(), SecretFiles::new(folders.clone()), env.clone(), options.user.clone());
    let world = World {
        ledger,
        releases: Arc::new(Store::open(folders)?),
        secrets: Arc::new(SecretFiles::new(folders.clone())),
        supervisor: Arc::new(supervisor),
        router: router(options, folders)?,
        prober: Arc::new(NetworkProber),
        clock: Arc::new(SystemClock),
    };
    let about = About {
        build: options.build.clone(),
        folder: options.folder.clone(),
        started_at: SystemClock.now(),
        actor: Actor::host(options.user.clone(), machine()),
    };
    Host::start(world, about).await
}

/// What leads traffic, as the host's policy says.
fn router(options: &Options, folders: &Folders) -> Result<Arc<dyn Router>, Trouble> {
    let policy = Policy::read(&options.policy)?;
    Ok(match policy.route {
        RouteKind::Builtin => Arc::new(route::Builtin::new(options.exe.clone(), folders.clone(), options.env.clone())),
        RouteKind::Nginx => Arc::new(route::Nginx::new(policy.nginx)),
    })
}

#[async_trait]
impl Intake for Handle {
    async fn take(&self, digest: Digest, size: u64, content: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), HostError> {
        self.0.world.releases.take(digest, size, content).await.map_err(HostError::Refused)
    }
}
