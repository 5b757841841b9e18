//! What is served right now, and the claims of requests on it: the one place where switching and serving meet.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use plimsoll_model::route::{Route, RouteTable, Upstream};
use rustls::ServerConfig;

use crate::site::Site;
use crate::slot::Slot;
use crate::table::Matcher;
use crate::tls::certificate::Secured;
use crate::traffic::Traffic;

/// The table in force.
#[derive(Debug)]
pub(crate) struct Live {
    current: RwLock<Arc<Snapshot>>,
}

/// One table, as it is served. Never changes.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// As it was given.
    pub(crate) table: RouteTable,
    /// Its routes, in the order of the table.
    pub(crate) entries: Vec<Arc<Entry>>,
    /// The same routes, ready to be looked up.
    pub(crate) matcher: Matcher<Arc<Entry>>,
    /// The ports with TLS.
    pub(crate) tls: HashMap<u16, Arc<ServerConfig>>,
    /// Whether there are no others. After damage there may have been.
    pub(crate) certain: bool,
}

/// No route takes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unrouted {
    /// There is none.
    Nothing,
    /// None is known, but there may have been one.
    Lost,
}

/// A route with what serves it.
#[derive(Debug)]
pub(crate) struct Entry {
    /// As it was given.
    pub(crate) route: Route,
    /// What goes through the route, over all switches.
    pub(crate) traffic: Arc<Traffic>,
    /// What answers.
    pub(crate) target: Target,
    /// How it speaks TLS, if it does.
    pub(crate) secured: Option<Secured>,
}

/// What answers the requests of a route.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// A slot.
    Slot(Arc<Slot>),
    /// A folder.
    Site(Arc<Site>),
}

/// A request's hold on its route and slot: both count it as in flight until this is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    entry: Arc<Entry>,
    begun: Instant,
}

impl Snapshot {
    /// No routes at all.
    pub(crate) fn empty() -> Self {
        Self { table: RouteTable::default(), entries: Vec::new(), matcher: Matcher::default(), tls: HashMap::new(), certain: true }
    }
}

impl Live {
    /// Serves nothing yet.
    pub(crate) fn new() -> Self {
        Self { current: RwLock::new(Arc::new(Snapshot::empty())) }
    }

    /// Finds the route of a request and counts the request in. Both happen under one lock, so that a request is
    /// either counted before a swap or sees the table after it.
    pub(crate) fn claim(&self, port: u16, authority: Option<&str>, path: &str) -> Result<Claim, Unrouted> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let found = current.matcher.find(port, authority, path).map(|entry| Claim::new(Arc::clone(entry)));
        found.ok_or(if current.certain { Unrouted::Nothing } else { Unrouted::Lost })
    }

    /// How connections to `port` speak TLS; none where they do not. Asked once for each.
    pub(crate) fn tls(&self, port: u16) -> Option<Arc<ServerConfig>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).tls.get(&port).cloned()
    }

    /// Serves `next` from here on. Requests that hold claims keep what they claimed.
    pub(crate) fn swap(&self, next: Snapshot) {
        let next = Arc::new(next);
        let former = std::mem::replace(&mut *self.current.write().unwrap_or_else(PoisonError::into_inner), next);
        drop(former);
    }

    /// What is served at this instant.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Target {
    /// Whether this is what `upstream` names.
    pub(crate) fn serves(&self, upstream: &Upstream) -> bool {
        match (self, upstream) {
            (Self::Slot(own), Upstream::Slot { slot, address }) => own.name == *slot && own.address == *address,
            (Self::Site(own), Upstream::Site { root }) => own.given() == root,
            _ => false,
        }
    }

    /// The counters of a slot; those of a site are its route's.
    pub(crate) fn traffic(&self) -> Option<&Traffic> {
        match self {
            Self::Slot(slot) => Some(&slot.traffic),
            Self::Site(_) => None,
        }
    }
}

impl Claim {
    fn new(entry: Arc<Entry>) -> Self {
        entry.traffic.enter();
        entry.target.traffic().inspect(|traffic| traffic.enter());
        Self { entry, begun: Instant::now() }
    }

    /// The claimed route.
    pub(crate) fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }

    /// Records that an answer has begun.
    pub(crate) fn answered(&self, status: http::StatusCode) {
        let after = self.begun.elapsed();
        self.entry.traffic.answered(status, after);
        self.entry.target.traffic().inspect(|traffic| traffic.answered(status, after));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.entry.target.traffic().inspect(|traffic| traffic.leave());
        self.entry.traffic.leave();
    }
}
