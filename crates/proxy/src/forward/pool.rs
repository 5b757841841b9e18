//! Connections to one address that wait for the next request, within one worker.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::upload::Upload;

/// How long a connection is kept idle. Servers close theirs after 5 seconds and more, and the one who closes first
/// loses no request.
pub(crate) const KEEP: Duration = Duration::from_secs(4);

/// As many as that are kept.
const MOST: usize = 512;

/// One connection, ready for a request or soon so.
pub(crate) type Link = SendRequest<Upload>;

/// The idle connections to an address.
#[derive(Debug)]
pub(crate) struct Pool {
    address: SocketAddr,
    idle: Mutex<Idle>,
}

/// In the order in which they became idle.
#[derive(Debug, Default)]
struct Idle {
    links: Vec<(Link, Instant)>,
    watched: bool,
}

impl Pool {
    /// No connections yet.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, idle: Mutex::default() }
    }

    /// The connection that was used last, unless that was longer than `age` ago. One that is still busy, because a
    /// slot answered before it had the whole request, stays until it is ready or too old.
    pub(crate) fn take(&self, age: Duration) -> Option<Link> {
        let mut idle = self.idle();
        let ready = idle.links.iter().rposition(|(link, since)| link.is_ready() && since.elapsed() <= age)?;
        Some(idle.links.remove(ready).0)
    }

    /// Keeps `link` for the next request.
    pub(crate) fn put(self: &Arc<Self>, link: Link) {
        if link.is_closed() {
            return;
        }
        let mut idle = self.idle();
        if idle.links.len() < MOST {
            idle.links.push((link, Instant::now()));
        }
        if !std::mem::replace(&mut idle.watched, true) {
            tokio::spawn(close_old(Arc::downgrade(self)));
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> io::Result<Link> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (link, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "a connection to a slot broke");
            }
        });
        Ok(link)
    }

    /// Drops what is too old; says when to look again, or nothing when nothing is left to look at.
    fn drop_old(&self) -> Option<Instant> {
        let mut idle = self.idle();
        idle.links.retain(|(link, since)| since.elapsed() < KEEP && !link.is_closed());
        let next = idle.links.first().map(|(_, since)| *since + KEEP);
        idle.watched = next.is_some();
        next
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs only while there are idle connections, so that an idle proxy has no timers.
async fn close_old(pool: std::sync::Weak<Pool>) {
    let mut next = Instant::now() + KEEP;
    loop {
        tokio::time::sleep_until(next).await;
        match pool.upgrade().and_then(|pool| pool.drop_old()) {
            Some(later) => next = later,
            None => return,
        }
    }
}
