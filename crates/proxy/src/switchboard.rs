//! Changes what is served: the steps of a switch in their order, and what has to be known for them.
//!
//! Everything here happens on the control thread, and blocks it: a switch is short, and there is one at a time.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use plimsoll_model::route::{Match, Route, RouteTable, Upstream};
use rustls::ServerConfig;

use crate::control::{ControlError, RouteStatus, Status};
use crate::live::{Entry, Live, Snapshot, Target};
use crate::lock;
use crate::ports::Ports;
use crate::site::Site;
use crate::slot::Slot;
use crate::sockets::Kept;
use crate::sockets::bind::{self, Addresses};
use crate::state::{self, Found};
use crate::table::{MatchError, Matcher};
use crate::tls::certificate::Secured;
use crate::tls::{Choice, Tickets};
use crate::traffic::Traffic;

/// Owns the ports, the slots and the state on disk.
#[derive(Debug)]
pub(crate) struct Switchboard {
    folder: PathBuf,
    live: Arc<Live>,
    ports: Ports,
    slots: HashMap<String, Weak<Traffic>>,
    tickets: Tickets,
    /// What was wrong with the kept table, until another one is kept.
    damage: Option<String>,
    /// Another proxy serves the daemon now.
    retired: bool,
}

impl Switchboard {
    /// Serves what was `found` in `folder`, from the sockets that were `kept` and new ones where some are missing.
    pub(crate) fn start(folder: PathBuf, live: Arc<Live>, ports: Ports, found: Found, kept: Vec<Kept>) -> Result<Self, ControlError> {
        // Where sockets were held there was a table once.
        let lost = (found.table.is_none() && !kept.is_empty()).then(|| "no route table is left".to_owned());
        let damage = found.damage.or(lost);
        let table = found.table.unwrap_or_default();
        let wanted = ports_of(&table);
        plimsoll_crashpoint::reach!("proxy: starts, has no ports yet");
        let mut board = Self { folder, live, ports, slots: HashMap::new(), tickets: Tickets::new(), damage, retired: false };
        let snapshot = Snapshot { certain: board.damage.is_none(), ..board.assemble(table)? };
        snapshot.entries.iter().for_each(|entry| complain(entry));
        board.live.swap(snapshot);
        board.ports.take_over(kept, &wanted, board.damage.is_none());
        board.ports.holder.ready();
        Ok(board)
    }

    /// The switch. Whatever can fail comes before the swap, and is taken back when something does.
    pub(crate) fn put(&mut self, table: RouteTable) -> Result<(), ControlError> {
        if self.retired {
            return Err(ControlError::Retired {});
        }
        let former = self.live.snapshot();
        is_no_step_back(&table, &former)?;
        table.routes.iter().try_for_each(|route| has_its_files(route, &former))?;
        let snapshot = self.assemble(table)?;
        snapshot.entries.iter().try_for_each(|entry| has_its_certificate(entry, &former))?;
        let wanted = ports_of(&snapshot.table);
        // Its sockets are on their way to another one, which could not have those that came now.
        if !self.ports.have(&wanted) && lock::has_successor(&self.folder) {
            return Err(ControlError::Retired {});
        }
        let opened = self.ports.open_all(&wanted, &ports_of(&former.table))?;
        plimsoll_crashpoint::reach!("proxy: before table");
        state::write(&self.folder, &snapshot.table).map_err(|error| ControlError::State { reason: error.to_string() })?;
        plimsoll_crashpoint::reach!("proxy: table written, not served");
        tracing::info!(generation = snapshot.table.generation, routes = snapshot.entries.len(), "serving a new table");
        self.live.swap(snapshot);
        self.ports.change(opened, &wanted);
        self.damage = None;
        self.slots.retain(|_, traffic| traffic.strong_count() > 0);
        plimsoll_crashpoint::reach!("proxy: table served, not answered");
        Ok(())
    }

    /// Takes no more tables from the daemon: when this returns, the one that is in force is the last, and on disk for whoever comes next,
    /// whatever happened to it there.
    pub(crate) fn retire(&mut self) {
        self.retired = true;
        let table = &self.live.snapshot().table;
        let is_kept = state::read(&self.folder).is_ok_and(|found| found.table.as_ref().unwrap_or(&RouteTable::default()) == table);
        if self.damage.is_none()
            && !is_kept
            && let Err(error) = state::write(&self.folder, table)
        {
            tracing::error!(%error, "the table in force is not kept any more, and cannot be kept again");
        }
    }

    /// The switch of a proxy that retired: ports and state are another one's by now.
    pub(crate) fn follow(&mut self, table: RouteTable) -> Result<(), ControlError> {
        is_no_step_back(&table, &self.live.snapshot())?;
        let snapshot = self.assemble(table)?;
        self.live.swap(snapshot);
        Ok(())
    }

    /// Whether connections wait for routes that were lost.
    pub(crate) fn is_waited_at(&self) -> bool {
        self.ports.are_waited_at()
    }

    /// Lets them wait no longer: they are told that the routes are lost.
    pub(crate) fn admit_all(&mut self) {
        if self.is_waited_at() && !self.retired {
            tracing::error!("nobody told of the routes that were lost; clients are told so");
            self.ports.admit_all();
        }
    }

    /// What is served.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.live.snapshot()
    }

    /// What is served, and what goes through it.
    pub(crate) fn status(&self) -> Status {
        let snapshot = self.live.snapshot();
        let routes = snapshot.entries.iter().map(|entry| status_of(entry)).collect();
        Status { generation: snapshot.table.generation, routes, damage: self.damage.clone() }
    }

    /// The traffic of a slot that no route leads to any more; none when the proxy has forgotten it, being idle.
    pub(crate) fn traffic_of(&self, slot: &str) -> Result<Option<Arc<Traffic>>, ControlError> {
        let leads_to = |route: &Route| matches!(&route.upstream, Upstream::Slot { slot: name, .. } if name == slot);
        if self.live.snapshot().table.routes.iter().any(leads_to) {
            return Err(ControlError::StillRouted { slot: slot.to_owned() });
        }
        Ok(self.slots.get(slot).and_then(Weak::upgrade))
    }

    /// Whether the sockets are held elsewhere, too.
    pub(crate) fn is_held(&self) -> bool {
        self.ports.holder.holds()
    }

    /// Tells the holder of sockets that the proxy stops.
    pub(crate) fn stopping(&self) {
        self.ports.holder.stopping();
    }

    fn assemble(&mut self, table: RouteTable) -> Result<Snapshot, ControlError> {
        let former = self.live.snapshot();
        let mut targets: Vec<Target> = former.entries.iter().map(|entry| entry.target.clone()).collect();
        let traffic: HashMap<&Match, &Arc<Traffic>> = former.entries.iter().map(|entry| (&entry.route.spec.matches, &entry.traffic)).collect();
        let mut entries = Vec::with_capacity(table.routes.len());
        for route in &table.routes {
            let target = self.target(route, &targets);
            targets.push(target.clone());
            let traffic = traffic.get(&route.spec.matches).map(|traffic| Arc::clone(traffic)).unwrap_or_default();
            let known = former.entries.iter().filter_map(|entry| entry.secured.as_ref());
            entries.push(Arc::new(Entry { route: route.clone(), traffic, target, secured: Secured::of(route, known) }));
        }
        let matcher = matcher(&entries).map_err(|error| ControlError::Invalid { reason: error.to_string() })?;
        let tls = configs(&entries, &self.tickets);
        Ok(Snapshot { table, entries, matcher, tls, certain: true })
    }

    /// The target of `route`: one of `known` when it is the same, so that its connections and counters stay.
    fn target(&mut self, route: &Route, known: &[Target]) -> Target {
        if let Some(target) = known.iter().find(|target| target.serves(&route.upstream)) {
            return target.clone();
        }
        match &route.upstream {
            Upstream::Slot { slot, address } => Target::Slot(Arc::new(Slot::new(slot, *address, self.counter(slot), self.ports.workers.count()))),
            Upstream::Site { root } => Target::Site(Arc::new(Site::new(root))),
        }
    }

    fn counter(&mut self, slot: &str) -> Arc<Traffic> {
        if let Some(traffic) = self.slots.get(slot).and_then(Weak::upgrade) {
            return traffic;
        }
        let traffic = Arc::default();
        self.slots.insert(slot.to_owned(), Arc::downgrade(&traffic));
        traffic
    }
}

/// All routes where they take requests, and those with TLS where requests are sent on to them.
fn matcher(entries: &[Arc<Entry>]) -> Result<Matcher<Arc<Entry>>, MatchError> {
    let own = entries.iter().map(|entry| (entry.route.spec.matches.clone(), Arc::clone(entry)));
    let sent_on = entries.iter().filter_map(|entry| {
        let port = entry.route.spec.tls.as_ref()?.redirect_from?;
        Some((Match { port, ..entry.route.spec.matches.clone() }, Arc::clone(entry)))
    });
    Matcher::new(own)?.with_spare(sent_on)
}

/// How each port with TLS speaks it.
fn configs(entries: &[Arc<Entry>], tickets: &Tickets) -> HashMap<u16, Arc<ServerConfig>> {
    let mut ports: HashMap<u16, Choice> = HashMap::new();
    for (entry, secured) in entries.iter().filter_map(|entry| Some((entry, entry.secured.as_ref()?))) {
        let matches = &entry.route.spec.matches;
        let port = ports.entry(matches.port).or_default();
        if let Ok(pair) = &secured.pair {
            port.add(matches.host.as_deref(), pair);
        }
    }
    ports.into_iter().map(|(port, choice)| (port, choice.config(tickets))).collect()
}

/// Judged only where it is new: one that was lost must not keep others from switching.
fn has_its_certificate(entry: &Entry, former: &Snapshot) -> Result<(), ControlError> {
    let Some(Secured { digest, pair: Err(reason), .. }) = &entry.secured else { return Ok(()) };
    if former.entries.iter().filter_map(|entry| entry.secured.as_ref()).any(|known| known.digest == *digest) {
        return Ok(());
    }
    Err(ControlError::Certificate { component: entry.route.component.clone(), reason: reason.clone() })
}

/// A route that cannot speak TLS is told of, and keeps no other from being served.
fn complain(entry: &Entry) {
    if let Some(Secured { pair: Err(reason), .. }) = &entry.secured {
        tracing::error!(key = %entry.route.key, component = %entry.route.component, reason, "a route cannot speak TLS");
    }
}

fn is_no_step_back(table: &RouteTable, former: &Snapshot) -> Result<(), ControlError> {
    let (given, current) = (table.generation, former.table.generation);
    if given < current { Err(ControlError::Stale { given, current }) } else { Ok(()) }
}

/// Judged only where a route changes: one site that was lost must not keep others from switching.
fn has_its_files(route: &Route, former: &Snapshot) -> Result<(), ControlError> {
    match &route.upstream {
        Upstream::Site { root } if !root.is_dir() && !former.entries.iter().any(|entry| entry.target.serves(&route.upstream)) => {
            Err(ControlError::Invalid { reason: format!("the site {} is no folder", root.display()) })
        }
        _ => Ok(()),
    }
}

/// Whether `table` could be served with the sockets that were `kept` and new ones where some are missing. The ports of a proxy that
/// serves meanwhile cannot be opened: those that were not handed over would be lost with it.
pub(crate) fn rehearse(table: &RouteTable, addresses: &Addresses, kept: &[Kept]) -> Result<(), ControlError> {
    Matcher::new(table.routes.iter().map(|route| (route.spec.matches.clone(), ())))
        .map_err(|error| ControlError::Invalid { reason: error.to_string() })?;
    let held: HashSet<u16> = kept.iter().filter_map(|socket| Some(socket.listener.local_addr().ok()?.port())).collect();
    ports_of(table).difference(&held).try_for_each(|port| bind::group(*port, addresses, 1).map(drop))
}

fn ports_of(table: &RouteTable) -> HashSet<u16> {
    table.routes.iter().flat_map(|route| route.spec.ports()).collect()
}

fn status_of(entry: &Entry) -> RouteStatus {
    let route = &entry.route;
    RouteStatus {
        key: route.key.clone(),
        component: route.component.clone(),
        matches: route.spec.matches.clone(),
        upstream: route.upstream.clone(),
        route: entry.traffic.counts(),
        slot: entry.target.traffic().map(Traffic::counts),
        tls_trouble: entry.secured.as_ref().and_then(|secured| secured.pair.as_ref().err().cloned()),
    }
}
