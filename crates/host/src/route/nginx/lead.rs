//! The story of a change: look what others serve, write, have it judged, have it read, and take it back where that does not work.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Duration;

use plimsoll_model::route::Route;

use super::files::{self, Files};
use super::foreign::Foreign;
use super::generation::{self, Generation};
use super::program::{self, Told};
use super::{Nginx, render, servers, sites, workers};
use crate::trouble::Trouble;

/// How long nginx may take to serve by another configuration. It gives up binding a port after 2.5 s.
const TAKES_UP_WITHIN: Duration = Duration::from_secs(20);

impl Nginx {
    /// Makes nginx lead by `routes`, and no more.
    pub(super) async fn lead(&self, routes: &[Route]) -> Result<(), Trouble> {
        let before = files::read(&self.places.folder)?;
        if before.is_empty() && routes.is_empty() {
            return Ok(());
        }
        let asked = self.name(routes)?;
        self.lay_out(routes).await?;
        if leads_by(&before, &asked).await {
            return Ok(());
        }
        let told = self.look(&before).await?;
        let wanted = self.wanted(routes, asked, &told.foreign(), &before)?;
        let changed = self.change(&told, &before, &wanted).await;
        // The workers of the configuration before may still ask for its sites, unless all is over.
        let needed = match &changed {
            Ok(()) if wanted.is_empty() => vec![],
            Ok(()) => vec![before, wanted],
            Err(_) => vec![before],
        };
        self.sweep(needed).await;
        changed
    }

    /// What `routes` are called: they would be these files, were nobody else there.
    fn name(&self, routes: &[Route]) -> Result<String, Trouble> {
        let servers = servers::servers(routes, &existing(&self.policy.addresses), &Foreign::default())?;
        Ok(generation::id(&render::render(&servers, &self.places)?))
    }

    async fn lay_out(&self, routes: &[Route]) -> Result<(), Trouble> {
        let (folder, routes) = (self.places.sites.clone(), routes.to_vec());
        blocking(move || sites::lay_out(&folder, &routes)).await
    }

    /// Removes the sites that none of these files speaks of.
    async fn sweep(&self, needed: Vec<Files>) {
        let folder = self.places.sites.clone();
        let is_needed = move |name: &str| needed.iter().flat_map(Files::values).any(|text| contains(text, name));
        if let Err(trouble) = blocking(move || sites::sweep(&folder, is_needed)).await {
            tracing::warn!(%trouble, "sites that nothing needs could not be removed");
        }
    }

    /// What is there. Where nginx refuses it, ours may be why: they do not fit together when a change was cut off between two of them. Then
    /// it is asked without them, which nobody can notice, as what it refuses it does not read.
    async fn look(&self, before: &Files) -> Result<Told, Trouble> {
        let told = program::look(&self.policy).await;
        if told.is_ok() || before.is_empty() {
            return told;
        }
        files::put(&self.places.folder, &Files::new())?;
        let told = program::look(&self.policy).await;
        files::put(&self.places.folder, before)?;
        told
    }

    /// The files for `routes`, which are called `asked`, beside what others serve; none where there are none.
    fn wanted(&self, routes: &[Route], asked: String, foreign: &Foreign, before: &Files) -> Result<Files, Trouble> {
        if routes.is_empty() {
            return Ok(Files::new());
        }
        let servers = servers::servers(routes, &existing(&self.policy.addresses), foreign)?;
        let own = servers::own_ports(&servers, foreign);
        let mut opened = own.into_iter().filter(|address| !listened_on(before, *address));
        opened.try_for_each(|address| free(address, "choose another port for the route, or stop what listens there"))?;
        Ok(render::told(render::render(&servers, &self.places)?, asked, &self.places))
    }

    /// From the files `before` to `wanted`, on the disk and in nginx. When that does not work, back again.
    async fn change(&self, told: &Told, before: &Files, wanted: &Files) -> Result<(), Trouble> {
        let next = Generation::read(wanted);
        let serves = matches!(&next, Some(next) if next.answers().await);
        if let Some(next) = next.as_ref().filter(|_| !serves) {
            free(next.address, "choose another `port` in [nginx] of the host's policy file")?;
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
            match (former, master) {
                (Some(former), _) => former.went().await,
                // What nginx served by is not on record: the first time, and where a change was cut off.
                (None, Some(master)) => workers::retired(master, &before).await,
                (None, None) => {}
            }
            if let Some(next) = next {
                next.came().await;
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
}

/// Whether `files` are whole and for these routes, and nginx leads by them. So it stays, whatever became of the configuration of others.
async fn leads_by(files: &Files, routes: &str) -> bool {
    match Generation::read(files) {
        Some(there) => there.routes == routes && there.id == generation::id(files) && there.answers().await,
        None => false,
    }
}

/// Does `work` on a thread that may block.
async fn blocking(work: impl FnOnce() -> Result<(), Trouble> + Send + 'static) -> Result<(), Trouble> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Trouble::new("bug", format!("work on files of nginx broke off: {error}"))))
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
fn free(address: SocketAddr, help: &str) -> Result<(), Trouble> {
    TcpListener::bind(address)
        .map(drop)
        .map_err(|error| Trouble::new("port-taken", format!("nginx cannot listen on {address}: {error}")).with_help(help))
}
