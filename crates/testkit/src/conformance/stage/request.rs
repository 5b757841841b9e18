//! What can be done to programs that are real, whichever host started them.

use std::net::Ipv4Addr;

use plimsoll_model::slot::ObservedSlot;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The version that a real program answers with on `port`; none when nothing answers well.
pub(super) async fn version(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
    let request = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let body = answer.starts_with("HTTP/1.1 200").then(|| answer.split_once("\r\n\r\n"))??.1;
    body.strip_prefix("version ").map(str::to_owned)
}

/// Stops the program of a slot where it is.
pub(super) fn freeze(slot: &ObservedSlot) {
    let pid = slot.pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).expect("the slot runs");
    kill_process(pid, Signal::STOP).expect("the program is ours");
}

/// Listens on a port until the answer is dropped.
pub(super) fn occupy(port: u16) -> Box<dyn Send> {
    Box::new(std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free"))
}
