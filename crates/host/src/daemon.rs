//! The daemon of this machine: a [`Host`] whose effects are real, served on its socket.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use plimsoll_api::HostError;
use plimsoll_api::wire::piece::{Place, Search};
use plimsoll_model::audit::Actor;
use plimsoll_model::{DeploymentId, Digest, EnvironmentKey};
use tokio::io::AsyncRead;

use crate::authority::AcmeAuthority;
use crate::certificates::CertificateFiles;
use crate::clock::{Clock, SystemClock};
use crate::database::{Clients, Users};
use crate::enrol::EnrolmentFiles;
use crate::folders::Folders;
use crate::ledger::SqliteLedger;
use crate::look::machine;
use crate::policy::{NginxPolicy, Policy, RouteKind};
use crate::probe::NetworkProber;
use crate::releases::Store;
use crate::route::Router;
use crate::runs::RunFiles;
use crate::secrets::SecretFiles;
use crate::serve::{Intake, Owners, Starter, adopt, bind, serve};
use crate::supervise::{Builtin, Supervision, Supervisor, Systemd};
use crate::trouble::Trouble;
use crate::world::World;
use crate::{About, Handle, Host, route};

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
    /// What runs its slots.
    pub supervision: Supervision,
    /// The policy file of the host; there may be none.
    pub policy: PathBuf,
}

/// Where a daemon is spoken to.
#[derive(Debug)]
pub enum Door {
    /// At a socket in its folder, by the user that it runs as.
    Own,
    /// At a socket that was passed to it, by whom its maker lets in.
    Passed(UnixListener),
}

/// Serves at `door` until `stop` resolves or someone asks it to end. Slots and proxy go on after that.
///
/// # Errors
/// The folder belongs to another daemon, cannot be used, or was written by a newer version.
pub async fn run(options: Options, door: Door, starter: Starter, stop: impl Future<Output = ()>) -> Result<(), Trouble> {
    let folders = Folders::new(&options.folder);
    let started = async {
        // Whoever connects from now on waits until the world is in order.
        let (lock, listener) = match door {
            Door::Own => bind(&folders)?,
            Door::Passed(listener) => adopt(&folders, listener)?,
        };
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
    let served = serve(handle.clone(), handle, Owners::new(folders.owners()), listener, stop).await.map_err(broken);
    ledger.close().await;
    served
}

/// The host of this machine, not served to anyone. It takes up its work as any daemon does.
///
/// # Errors
/// Its folder or its policy file cannot be used, or was written by a newer version.
pub async fn start(options: &Options, folders: &Folders, ledger: Arc<SqliteLedger>) -> Result<Arc<Host>, Trouble> {
    let policy = Policy::read(&options.policy)?;
    let users = Users { own: options.user.clone(), allowed: policy.users.clone() };
    let world = World {
        ledger,
        releases: Arc::new(Store::open(folders)?),
        secrets: Arc::new(SecretFiles::new(folders.clone())),
        certificates: Arc::new(CertificateFiles::new(folders.clone())),
        runs: Arc::new(RunFiles::new(folders.clone())),
        enrolments: Arc::new(EnrolmentFiles::new(folders.clone())),
        authority: Arc::new(AcmeAuthority),
        databases: Arc::new(Clients::new(options.exe.clone(), folders.clone(), users)),
        supervisor: supervisor(options, folders, policy.users)?,
        router: router(options, folders, policy.route, policy.nginx),
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

fn supervisor(options: &Options, folders: &Folders, users: BTreeSet<String>) -> Result<Arc<dyn Supervisor>, Trouble> {
    let (exe, env, user) = (options.exe.clone(), options.env.clone(), options.user.clone());
    match options.supervision {
        Supervision::Builtin => Ok(Arc::new(Builtin::new(exe, folders.clone(), SecretFiles::new(folders.clone()), env, user))),
        Supervision::Systemd if rustix::process::geteuid().is_root() => Ok(Arc::new(Systemd::new(folders.clone(), env, users))),
        Supervision::Systemd => Err(Trouble::new("not-root", format!("only root may have systemd run slots, and this daemon runs as {user}"))
            .with_help("start it as root, or without --supervise systemd")),
    }
}

fn router(options: &Options, folders: &Folders, route: RouteKind, nginx: NginxPolicy) -> Arc<dyn Router> {
    match route {
        RouteKind::Builtin => Arc::new(route::Builtin::new(options.exe.clone(), folders.clone(), options.env.clone())),
        RouteKind::Nginx => Arc::new(route::Nginx::new(nginx)),
    }
}

#[async_trait]
impl Intake for Handle {
    async fn take(&self, digest: Digest, size: u64, content: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), HostError> {
        self.0.world.releases.take(digest, size, content).await.map_err(HostError::Refused)
    }

    async fn places(&self, search: Search) -> Result<Vec<Option<Place>>, HostError> {
        self.0.world.releases.places(search).await.map_err(HostError::Refused)
    }

    async fn piece(&self, file: Digest, place: Place, length: u32) -> Result<Bytes, HostError> {
        self.0.world.releases.piece(file, place, length).await.map_err(HostError::Refused)
    }

    async fn environment(&self, id: &DeploymentId) -> Option<EnvironmentKey> {
        self.0.environment_of(id).await
    }
}
