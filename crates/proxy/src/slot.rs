//! A slot as the proxy sees it: an address, connections kept to it, and what is in flight.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::forward::pool::Pool;
use crate::traffic::Traffic;

/// Where a route's requests go. Dropped with the last request after a switch away, and its connections with it.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Names it on this host.
    pub(crate) name: String,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What is in flight to the slot of this name, at whatever address.
    pub(crate) traffic: Arc<Traffic>,
    pools: Box<[Arc<Pool>]>,
}

impl Slot {
    /// A slot with one empty pool for each of `workers`.
    pub(crate) fn new(name: &str, address: SocketAddr, traffic: Arc<Traffic>, workers: usize) -> Self {
        Self { name: name.to_owned(), address, traffic, pools: (0..workers).map(|_| Arc::new(Pool::new(address))).collect() }
    }

    /// The connections of one worker: only its own runtime drives them.
    pub(crate) fn pool(&self, worker: usize) -> &Arc<Pool> {
        &self.pools[worker]
    }
}
