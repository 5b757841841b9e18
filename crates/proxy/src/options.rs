//! How to run a proxy.

use std::path::PathBuf;
use std::time::Duration;

use crate::sockets::bind::Addresses;

/// How to run a proxy.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its control socket (`proxy.sock`) and its state (`routes.json`) are.
    pub folder: PathBuf,
    /// On which addresses it opens ports.
    pub addresses: Addresses,
    /// How many threads serve.
    pub threads: usize,
    /// How long a client may take to send the head of a request, and to begin one on a connection that is kept.
    pub head: Duration,
    /// How long requests may go on after it was told to stop.
    pub drain: Duration,
    /// How long requests and tunnels may go on after another proxy took its place.
    pub retire: Duration,
    /// How long connections wait for routes that were lost, before their clients are told so.
    pub restore: Duration,
    /// Address of the socket of whoever started it, who is told when it is ready and holds its listening sockets:
    /// a path, or `@NAME`.
    pub notify: Option<String>,
    /// Whether it is to take the place of a proxy that serves from the folder. Without that, to find one there is an error.
    pub successor: bool,
}

impl Options {
    /// A proxy that serves from `folder`, reachable from everywhere, with a thread for each core up to four, that gives requests 30
    /// seconds to end when it is told to stop, and five minutes when another one takes its place.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        // Elsewhere the kernel does not spread connections over sockets that share a port.
        let cores = if cfg!(target_os = "linux") { std::thread::available_parallelism().map_or(1, usize::from) } else { 1 };
        Self {
            folder,
            addresses: Addresses::everywhere(),
            threads: cores.min(4),
            head: Duration::from_secs(30),
            drain: Duration::from_secs(30),
            retire: Duration::from_secs(300),
            restore: Duration::from_secs(30),
            notify: None,
            successor: false,
        }
    }

    /// The same for a process that systemd or a keeper has started, which `NOTIFY_SOCKET` names. A keeper tells with `KEEPER_REPLACES`
    /// that another proxy serves until this one is prepared.
    #[must_use]
    pub fn from_environment(folder: PathBuf) -> Self {
        let successor = std::env::var("KEEPER_REPLACES").is_ok();
        Self { notify: std::env::var("NOTIFY_SOCKET").ok(), successor, ..Self::new(folder) }
    }
}
