//! Changes what is served: the steps of a switch in their order, and what has to be known for them.
//!
//! Everything here happens on the control thread, and blocks it: a switch is short, and there is one at a time.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Weak};

use plimsoll_model::route::{Match, Route, RouteTable, Upstream};
use tokio_util::sync::CancellationToken;

use crate::control::{ControlError, RouteStatus, Status};
use crate::live::{Entry, Live, Snapshot, Target};
use crate::lock;
use crate::serve::Workers;
use crate::site::Site;
use crate::slot::Slot;
use crate::sockets::Kept;
use crate::sockets::bind::{self, Addresses};
use crate::sockets::notify::Holder;
use crate::state;
use crate::table::Matcher;
use crate::traffic::Traffic;

/// Owns the ports, the slots and the state on disk.
#[derive(Debug)]
pub(crate) struct Switchboard {
    folder: PathBuf,
    addresses: Addresses,
    holder: Holder,
    workers: Workers,
    live: Arc<Live>,
    ports: HashMap<u16, Port>,
    slots: HashMap<String, Weak<Traffic>>,
    /// Another proxy serves the daemon now.
    retired: bool,
}

/// A port that is listened on.
#[derive(Debug)]
struct Port {
    names: Vec<String>,
    closed: CancellationToken,
}

impl Switchboard {
    /// Serves `table`, as it was kept in `folder`, from the sockets that were `kept` and new ones where some are
    /// missing. A port that cannot be opened is no reason not to serve the others.
    pub(crate) fn start(
        folder: PathBuf,
        addresses: Addresses,
        holder: Holder,
        workers: Workers,
        live: Arc<Live>,
        (table, kept): (RouteTable, Vec<Kept>),
    ) -> Result<Self, ControlError> {
        let mut board = Self { folder, addresses, holder, workers, live, ports: HashMap::new(), slots: HashMap::new(), retired: false };
        let snapshot = board.assemble(table)?;
        let wanted = ports_of(&snapshot.table);
        board.live.swap(snapshot);
        plimsoll_crashpoint::reach!("proxy: starts, has no ports yet");
        board.adopt(kept, &wanted);
        for port in wanted {
            if let Err(error) = board.open(port).map(|sockets| board.listen(port, sockets)) {
                tracing::error!(port, %error, "a port of the kept table cannot be served");
            }
        }
        board.holder.ready();
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
        let wanted = ports_of(&snapshot.table);
        // Its sockets are on their way to another one, which could not have those that came now.
        if wanted.iter().any(|port| !self.ports.contains_key(port)) && lock::has_successor(&self.folder) {
            return Err(ControlError::Retired {});
        }
        let opened = self.open_all(&wanted, &ports_of(&former.table))?;
        plimsoll_crashpoint::reach!("proxy: before table");
        state::write(&self.folder, &snapshot.table).map_err(|error| ControlError::State { reason: error.to_string() })?;
        plimsoll_crashpoint::reach!("proxy: table written, not served");
        tracing::info!(generation = snapshot.table.generation, routes = snapshot.entries.len(), "serving a new table");
        self.live.swap(snapshot);
        opened.into_iter().for_each(|(port, sockets)| self.listen(port, sockets));
        self.close_all_but(&wanted);
        self.slots.retain(|_, traffic| traffic.strong_count() > 0);
        plimsoll_crashpoint::reach!("proxy: table served, not answered");
        Ok(())
    }

    /// Takes no more tables from the daemon: when this returns, the one that is in force is the last, and on disk.
    pub(crate) fn retire(&mut self) {
        self.retired = true;
    }

    /// The switch of a proxy that retired: ports and state are another one's by now.
    pub(crate) fn follow(&mut self, table: RouteTable) -> Result<(), ControlError> {
        is_no_step_back(&table, &self.live.snapshot())?;
        let snapshot = self.assemble(table)?;
        self.live.swap(snapshot);
        Ok(())
    }

    /// What is served.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.live.snapshot()
    }

    /// What is served, and what goes through it.
    pub(crate) fn status(&self) -> Status {
        let snapshot = self.live.snapshot();
        Status { generation: snapshot.table.generation, routes: snapshot.entries.iter().map(|entry| status_of(entry)).collect() }
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
        self.holder.holds()
    }

    /// Tells the holder of sockets that the proxy stops.
    pub(crate) fn stopping(&self) {
        self.holder.stopping();
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
            entries.push(Arc::new(Entry { route: route.clone(), traffic, target }));
        }
        let rows = entries.iter().map(|entry| (entry.route.spec.matches.clone(), Arc::clone(entry)));
        let matcher = Matcher::new(rows).map_err(|error| ControlError::Invalid { reason: error.to_string() })?;
        Ok(Snapshot { table, entries, matcher })
    }

    /// The target of `route`: one of `known` when it is the same, so that its connections and counters stay.
    fn target(&mut self, route: &Route, known: &[Target]) -> Target {
        if let Some(target) = known.iter().find(|target| target.serves(&route.upstream)) {
            return target.clone();
        }
        match &route.upstream {
            Upstream::Slot { slot, address } => Target::Slot(Arc::new(Slot::new(slot, *address, self.counter(slot), self.workers.count()))),
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

    /// Sockets for all ports that are not open. One that was lost before, and that the table needs as much as the one
    /// before it did, is no reason to refuse a switch that has nothing to do with it.
    fn open_all(&self, wanted: &HashSet<u16>, before: &HashSet<u16>) -> Result<Vec<(u16, Vec<Kept>)>, ControlError> {
        let mut opened = Vec::new();
        for port in wanted {
            match self.open(*port) {
                Ok(sockets) => opened.push((*port, sockets)),
                Err(error) if before.contains(port) => tracing::error!(port, %error, "a port is still lost"),
                Err(error) => return Err(error),
            }
        }
        Ok(opened)
    }

    /// Sockets for `port`; none when it is open already.
    fn open(&self, port: u16) -> Result<Vec<Kept>, ControlError> {
        if self.ports.contains_key(&port) { Ok(Vec::new()) } else { bind::group(port, &self.addresses, self.workers.count()) }
    }

    fn adopt(&mut self, kept: Vec<Kept>, wanted: &HashSet<u16>) {
        let mut ports: HashMap<u16, Vec<Kept>> = HashMap::new();
        for socket in kept {
            match socket.listener.local_addr() {
                Ok(address) if wanted.contains(&address.port()) => ports.entry(address.port()).or_default().push(socket),
                _ => self.holder.forget(&socket.name),
            }
        }
        ports.into_iter().for_each(|(port, sockets)| self.accept(port, sockets));
    }

    /// New sockets are held elsewhere before anything is accepted from them.
    fn listen(&mut self, port: u16, sockets: Vec<Kept>) {
        sockets.iter().for_each(|socket| self.holder.store(&socket.name, &socket.listener));
        if !sockets.is_empty() {
            self.accept(port, sockets);
        }
    }

    fn accept(&mut self, port: u16, sockets: Vec<Kept>) {
        let open = Port { names: sockets.iter().map(|socket| socket.name.clone()).collect(), closed: CancellationToken::new() };
        for (number, socket) in sockets.into_iter().enumerate() {
            self.workers.accept(number, port, socket.listener, open.closed.clone());
        }
        self.ports.insert(port, open);
    }

    fn close_all_but(&mut self, wanted: &HashSet<u16>) {
        let holder = &self.holder;
        self.ports.retain(|port, open| {
            if wanted.contains(port) {
                return true;
            }
            open.names.iter().for_each(|name| holder.forget(name));
            open.closed.cancel();
            false
        });
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
    table.routes.iter().map(|route| route.spec.matches.port).collect()
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
    }
}
