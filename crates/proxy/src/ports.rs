//! The ports that are listened on: opened, taken over, held elsewhere, closed. What is answered there is not known here.
//!
//! Where the routes are not known for sure, because the file that kept them was damaged, the sockets that were held may be those of
//! routes that will be told of again. They stay open, and connections wait in them.

use std::collections::{HashMap, HashSet};

use tokio_util::sync::CancellationToken;

use crate::control::ControlError;
use crate::serve::Workers;
use crate::sockets::Kept;
use crate::sockets::bind::{self, Addresses};
use crate::sockets::notify::Holder;

/// All ports of a proxy.
#[derive(Debug)]
pub(crate) struct Ports {
    addresses: Addresses,
    pub(crate) holder: Holder,
    pub(crate) workers: Workers,
    open: HashMap<u16, Port>,
    waiting: HashMap<u16, Vec<Kept>>,
}

/// A port that is listened on.
#[derive(Debug)]
struct Port {
    names: Vec<String>,
    closed: CancellationToken,
}

/// Sockets that were opened and are not listened on yet. When they are dropped they are closed.
#[derive(Debug)]
#[must_use]
pub(crate) struct Opened(Vec<(u16, Vec<Kept>)>);

impl Ports {
    /// None yet.
    pub(crate) fn new(addresses: Addresses, holder: Holder, workers: Workers) -> Self {
        Self { addresses, holder, workers, open: HashMap::new(), waiting: HashMap::new() }
    }

    /// Listens on the ports that are `wanted`, with the sockets that were `kept` and new ones where some are missing. One that cannot
    /// be opened is no reason not to serve the others. What is not wanted is closed, or waits if that is not `sure`.
    pub(crate) fn take_over(&mut self, kept: Vec<Kept>, wanted: &HashSet<u16>, sure: bool) {
        for socket in kept {
            match socket.listener.local_addr() {
                Ok(address) if wanted.contains(&address.port()) || !sure => self.waiting.entry(address.port()).or_default().push(socket),
                _ => self.holder.forget(&socket.name),
            }
        }
        self.admit(wanted);
        for port in wanted {
            match self.open(*port) {
                Ok(sockets) => self.listen(*port, sockets),
                Err(error) => tracing::error!(port, %error, "a port of the kept table cannot be served"),
            }
        }
    }

    /// Whether all of `wanted` are open.
    pub(crate) fn have(&self, wanted: &HashSet<u16>) -> bool {
        wanted.iter().all(|port| self.open.contains_key(port) || self.waiting.contains_key(port))
    }

    /// Whether connections wait for routes.
    pub(crate) fn are_waited_at(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Sockets for all of `wanted` that are not open. One that was lost before, and that the table needs as much as the one `before` it
    /// did, is no reason to refuse a switch that has nothing to do with it.
    pub(crate) fn open_all(&self, wanted: &HashSet<u16>, before: &HashSet<u16>) -> Result<Opened, ControlError> {
        let mut opened = Vec::new();
        for port in wanted {
            match self.open(*port) {
                Ok(sockets) => opened.push((*port, sockets)),
                Err(error) if before.contains(port) => tracing::error!(port, %error, "a port is still lost"),
                Err(error) => return Err(error),
            }
        }
        Ok(Opened(opened))
    }

    /// Listens on what was `opened` and what waited for it, and on nothing but what is `wanted`.
    pub(crate) fn change(&mut self, opened: Opened, wanted: &HashSet<u16>) {
        self.admit(wanted);
        opened.0.into_iter().for_each(|(port, sockets)| self.listen(port, sockets));
        self.close_all_but(wanted);
    }

    /// Listens on everything that connections wait at.
    pub(crate) fn admit_all(&mut self) {
        self.admit(&self.waiting.keys().copied().collect());
    }

    fn admit(&mut self, wanted: &HashSet<u16>) {
        let ready: Vec<_> = self.waiting.extract_if(|port, _| wanted.contains(port)).collect();
        ready.into_iter().for_each(|(port, sockets)| self.accept(port, sockets));
    }

    /// Sockets for `port`; none when it is open already.
    fn open(&self, port: u16) -> Result<Vec<Kept>, ControlError> {
        let is_open = self.open.contains_key(&port) || self.waiting.contains_key(&port);
        if is_open { Ok(Vec::new()) } else { bind::group(port, &self.addresses, self.workers.count()) }
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
        self.open.insert(port, open);
    }

    fn close_all_but(&mut self, wanted: &HashSet<u16>) {
        let holder = &self.holder;
        self.open.retain(|port, open| {
            if wanted.contains(port) {
                return true;
            }
            open.names.iter().for_each(|name| holder.forget(name));
            open.closed.cancel();
            false
        });
        self.waiting.drain().flat_map(|(_, sockets)| sockets).for_each(|socket| holder.forget(&socket.name));
    }
}
