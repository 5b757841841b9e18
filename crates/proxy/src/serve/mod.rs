//! Serving: threads with a runtime each ([`worker`]), accepting ([`listen`]), connections ([`connection`]), the
//! one decision per request ([`request`]) and the end of it all ([`ending`]). How a request gets to its slot is left to `forward/`, files to `site/`.

mod connection;
mod ending;
mod fault;
mod listen;
mod request;
mod worker;

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::live::Live;
use crate::options::Options;

pub(crate) use ending::{Ending, Pace};
pub(crate) use request::Visitor;

/// The serving threads.
#[derive(Debug)]
pub(crate) struct Workers(Vec<mpsc::UnboundedSender<Accept>>);

/// Tells a worker to accept connections.
#[derive(Debug)]
pub(crate) struct Accept {
    port: u16,
    listener: TcpListener,
    closed: CancellationToken,
}

impl Workers {
    /// Starts the threads that serve what is `live` until `ending`. The future is ready when all have ended.
    pub(crate) fn start(options: &Options, live: &Arc<Live>, ending: &Ending) -> io::Result<(Self, impl Future<Output = ()> + use<>)> {
        let (mut orders, mut ends) = (Vec::new(), Vec::new());
        for number in 0..options.threads.max(1) {
            let (order, inbox) = mpsc::unbounded_channel();
            let (ended, end) = oneshot::channel();
            let worker = worker::Worker::new(number, Arc::clone(live), options.head, ending.for_thread());
            std::thread::Builder::new().name(format!("proxy-{number}")).spawn(move || worker.run(inbox, ended))?;
            orders.push(order);
            ends.push(end);
        }
        // A thread that ended without a word has ended all the same.
        let all = async move { drop(futures_util::future::join_all(ends).await) };
        Ok((Self(orders), all))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Has the worker `number`, counted around, accept from `listener` until `closed`.
    pub(crate) fn accept(&self, number: usize, port: u16, listener: TcpListener, closed: CancellationToken) {
        if self.0[number % self.0.len()].send(Accept { port, listener, closed }).is_err() {
            tracing::debug!(port, "the proxy stops; a new port is not served");
        }
    }
}
