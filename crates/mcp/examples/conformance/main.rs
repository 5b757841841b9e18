//! What the official suite of conformance wants to find on a server, behind the same door and gate as the product: `cargo xtask conformance`.
//!
//! Prints the URL that it listens at on standard output, and serves until standard input ends. Everybody is admitted.

#![expect(deprecated, reason = "the older revision that is spoken has what the newer one has given up")]

mod asking;
mod fixture;
mod handler;
mod rounds;

use std::io::{Read, Write};
use std::sync::Arc;

use plimsoll_mcp::http::{Admit, Door, Manner, serve};
use plimsoll_ops::{Grant, OpError, Scope};
use tokio_util::sync::CancellationToken;

use handler::Handler;

#[tokio::main]
async fn main() -> Result<(), OpError> {
    let door = Door::open("127.0.0.1:0".parse().expect("it is an address"), Manner::default())?;
    println!("{}", door.url());
    // Whoever reads it may be gone: then standard input ends.
    let _ = std::io::stdout().flush();
    let stop = CancellationToken::new();
    let ended = stop.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        ended.cancel();
    });
    let admit: Admit = Arc::new(|_| Ok(Grant { id: "anybody".into(), name: "anybody".into(), scope: Scope::default() }));
    serve(door, admit, Handler::default(), stop, async {}).await
}
