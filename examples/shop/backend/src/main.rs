//! The API of the example shop.
//!
//! It shows what a program has to do to be deployed without losing a request: listen on the port that
//! `PORT` names, answer a health check, and on SIGTERM finish what is under way before it ends.

mod api;
mod http;
mod server;
mod signal;
mod version;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use server::Server;

fn main() -> io::Result<()> {
    let stop = signal::StopSignal::block()?;
    let shop = Arc::new(api::Shop::default());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port()?))?;
    println!("backend {} listens on {}", version::VERSION, listener.local_addr()?);

    let server = Server::start(listener, move |request| shop.answer(request))?;
    stop.wait();
    println!("backend stops: finishing the requests under way");
    server.stop();
    Ok(())
}

/// The port to listen on: `PORT`, or 8080 when the program is started by hand.
fn port() -> io::Result<u16> {
    match std::env::var("PORT") {
        Ok(text) => text.parse().map_err(|_| io::Error::other(format!("PORT must be a number from 0 to 65535, not {text:?}"))),
        Err(_) => Ok(8080),
    }
}
