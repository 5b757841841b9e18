//! Routes through the nginx of the machine: files of ours beside the configuration of others, which stays as it is.
//!
//! Which servers there are to be is judged in [`servers`], how nginx is told in [`render`]; both know what others serve from [`foreign`].
//! [`files`] writes and takes back, [`program`] and [`workers`] are nginx's processes, [`generation`] tells which configuration they have,
//! and [`sites`] lays sites out. Here these are put together. New connections follow the routes when [`Router::apply`] returns; a connection
//! that a client keeps is closed by nginx when nothing is under way on it, and a request that was sent in that very instant is lost.

mod files;
mod foreign;
mod generation;
mod program;
mod render;
mod servers;
mod sites;
mod text;
mod workers;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_model::plan::PortUse;
use plimsoll_model::route::Route;
use plimsoll_model::{EnvironmentKey, SlotId};
use tokio::sync::{Mutex, Notify};

use self::files::Files;
use self::generation::Generation;
use self::program::Told;
use self::render::Places;
use super::Router;
use crate::folders::Folders;
use crate::policy::NginxPolicy;
use crate::trouble::Trouble;

/// How long nginx may take to serve by another configuration. It gives up binding a port after 2.5 s.
const TAKES_UP_WITHIN: Duration = Duration::from_secs(20);

/// Leads traffic through nginx.
pub struct Nginx {
    policy: NginxPolicy,
    places: Places,
    applied: Mutex<Applied>,
    /// Told when nginx has ended.
    lost: Arc<Notify>,
}

#[derive(Default)]
struct Applied {
    routes: Vec<Route>,
    /// The master process whose end is watched for.
    watched: Option<u32>,
}

impl Nginx {
    /// Leads traffic through the nginx that `policy` names, for the host with these `folders`.
    #[must_use]
    pub fn new(policy: NginxPolicy, folders: &Folders) -> Self {
        let sites = policy.sites.clone().unwrap_or_else(|| folders.root().join("sites"));
        let places = Places { folder: policy.folder.clone(), sites, port: policy.port };
        Self { policy, places, applied: Mutex::default(), lost: Arc::default() }
    }

    /// Makes nginx lead by `routes`, and no more.
    async fn lead(&self, routes: &[Route]) -> Result<(), Trouble> {
        let before = files::read(&self.places.folder)?;
        if before.is_empty() && routes.is_empty() {
            return Ok(());
        }
        let told = match program::look(&self.policy).await {
            // What was cut off between two files may be what it refuses: then they are written anew, and judged.
            Err(trouble) if !before.is_empty() => {
                tracing::warn!(%trouble, "nginx refuses the configuration that is there");
                Told::default()
            }
            told => told?,
        };
        let wanted = self.render(routes, &told, &before)?;
        self.lay_out(routes.to_vec()).await?;
        let changed = self.change(&told, &before, &wanted).await;
        // The workers of the configuration before may still ask for its sites.
        let after = if changed.is_ok() { &wanted } else { &before };
        let needed = |name: &str| [after, &before].into_iter().flat_map(Files::values).any(|text| contains(text, name));
        if let Err(trouble) = sites::sweep(&self.places.sites, needed) {
            tracing::warn!(%trouble, "sites that nothing needs could not be removed");
        }
        changed
    }

    /// The files for `routes`; none where there are none.
    fn render(&self, routes: &[Route], told: &Told, before: &Files) -> Result<Files, Trouble> {
        if routes.is_empty() {
            return Ok(Files::new());
        }
        let foreign = told.foreign();
        let servers = servers::servers(routes, &existing(&self.policy.addresses), &foreign)?;
        servers::own_ports(&servers, &foreign).into_iter().filter(|address| !listened_on(before, *address)).try_for_each(free)?;
        render::render(&servers, &self.places)
    }

    async fn lay_out(&self, routes: Vec<Route>) -> Result<(), Trouble> {
        let folder = self.places.sites.clone();
        let laid_out = tokio::task::spawn_blocking(move || sites::lay_out(&folder, &routes)).await;
        laid_out.unwrap_or_else(|error| Err(Trouble::new("bug", format!("laying out sites broke off: {error}"))))
    }

    /// From the files `before` to `wanted`, on the disk and in nginx. When that does not work, back again.
    async fn change(&self, told: &Told, before: &Files, wanted: &Files) -> Result<(), Trouble> {
        let next = Generation::read(wanted);
        if before == wanted && matches!(&next, Some(next) if next.answers().await) {
            return Ok(());
        }
        let former = match Generation::read(before).filter(|former| next.as_ref().is_none_or(|next| next.address != former.address)) {
            Some(former) if former.answers().await => Some(former),
            _ => None,
        };
        let judged = async {
            files::put(&self.places.folder, wanted)?;
            program::look(&self.policy).await?.judge(told, &self.policy, !wanted.is_empty())
        };
        if let Err(trouble) = judged.await {
            self.take_back(before, None);
            return Err(trouble);
        }
        let taken_up = self.take_up(former.as_ref(), next.as_ref()).await;
        if taken_up.is_err() {
            // It may read the other configuration yet, so it is told to read this one after it.
            self.take_back(before, program::master(&self.policy));
        }
        taken_up
    }

    /// Makes nginx serve by what is on the disk. Returns when no worker takes connections that serves by what was there before.
    async fn take_up(&self, former: Option<&Generation>, next: Option<&Generation>) -> Result<(), Trouble> {
        let master = program::master(&self.policy);
        let before = master.map(workers::serving).unwrap_or_default();
        match (master, next) {
            (Some(master), _) => program::reload(master)?,
            (None, Some(_)) => program::start(&self.policy).await?,
            (None, None) => return Ok(()),
        }
        let served = async {
            if let Some(former) = former {
                former.went().await;
            }
            if let Some(next) = next {
                next.came().await;
            }
            if let (Some(master), None) = (master, former) {
                workers::retired(master, &before).await;
            }
        };
        tokio::time::timeout(TAKES_UP_WITHIN, served).await.map_err(|_| {
            let why = format!("nginx does not serve by its new configuration after {} s", TAKES_UP_WITHIN.as_secs());
            Trouble::new("nginx-stuck", why).with_help("its error log says why; what was there before is in its place again")
        })
    }

    /// Brings back the files that were there, and has them read by nginx where it may have read others. What goes wrong is logged: the
    /// trouble that led here is the one to tell of.
    fn take_back(&self, before: &Files, read_by: Option<u32>) {
        let taken_back = files::put(&self.places.folder, before).and_then(|()| read_by.map_or(Ok(()), program::reload));
        if let Err(trouble) = taken_back {
            tracing::error!(%trouble, "the configuration of nginx could not be brought back");
        }
    }

    /// Whether somebody else has nginx listen on `port`.
    async fn serves(&self, port: u16) -> bool {
        program::look(&self.policy).await.is_ok_and(|told| told.foreign().on(port).next().is_some())
    }

    /// Has the end of nginx noticed.
    fn watch(&self, applied: &mut Applied) {
        let master = program::master(&self.policy).filter(|_| !applied.routes.is_empty());
        if let Some(pid) = master.filter(|_| master != applied.watched) {
            applied.watched = master;
            let lost = Arc::clone(&self.lost);
            tokio::spawn(async move {
                workers::ended([pid]).await;
                lost.notify_one();
            });
        }
    }
}

#[async_trait]
impl Router for Nginx {
    async fn apply(&self, routes: Vec<Route>) -> Result<(), Trouble> {
        let mut applied = self.applied.lock().await;
        self.lead(&routes).await?;
        applied.routes = routes;
        self.watch(&mut applied);
        Ok(())
    }

    /// A worker that retires may have a request in any slot: all of them are waited for.
    async fn drain(&self, _key: &EnvironmentKey, _slot: &SlotId, within_ms: u64) -> Result<(), Trouble> {
        let retiring = program::master(&self.policy).map(workers::retiring).unwrap_or_default();
        // What has not ended by then is given up, as asked.
        let _ = tokio::time::timeout(Duration::from_millis(within_ms), workers::ended(retiring)).await;
        Ok(())
    }

    async fn port(&self, port: u16) -> Option<PortUse> {
        if self.applied.lock().await.routes.iter().any(|route| route.spec.matches.port == port) {
            return Some(PortUse::Proxy);
        }
        let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_err();
        let shared = taken && program::master(&self.policy).is_some() && self.serves(port).await;
        taken.then_some(if shared { PortUse::Proxy } else { PortUse::Other })
    }

    async fn lost(&self) {
        self.lost.notified().await;
    }

    async fn pid(&self) -> Option<u32> {
        program::master(&self.policy)
    }

    async fn stop(&self) -> Result<(), Trouble> {
        let mut applied = self.applied.lock().await;
        self.lead(&[]).await?;
        applied.routes.clear();
        Ok(())
    }
}

/// The addresses of this machine among `addresses`: it may know no IPv6.
fn existing(addresses: &[IpAddr]) -> Vec<IpAddr> {
    addresses.iter().copied().filter(|address| TcpListener::bind((*address, 0)).is_ok()).collect()
}

/// Whether nginx listens there for one of our files.
fn listened_on(files: &Files, address: SocketAddr) -> bool {
    let listens = [format!("    listen {address};"), format!("    listen {address} ")];
    files.values().any(|text| listens.iter().any(|listen| contains(text, listen)))
}

fn contains(text: &[u8], part: &str) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.contains(part))
}

/// nginx would try for seconds, and then tell its log only.
fn free(address: SocketAddr) -> Result<(), Trouble> {
    TcpListener::bind(address).map(drop).map_err(|error| {
        Trouble::new("port-taken", format!("nginx cannot listen on {address}: {error}"))
            .with_help("choose another port for the route, or stop what listens there")
    })
}
