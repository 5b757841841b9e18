//! What a program does to have its listening socket held: `answer SOCKET` listens there and answers each connection with its
//! process id and the names of what it got back from its keeper. As the successor of another one it waits until that one has ended.
//!
//! `answer SOCKET fails` ends before it is prepared, `silent` never is; `dies` ends once it is its turn, `stuck` does nothing then.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::PathBuf;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

fn main() -> Result<(), Box<dyn Error>> {
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let path = env::args_os().nth(1).map(PathBuf::from).ok_or("usage: answer SOCKET [MODE]")?;
    let mode = env::args().nth(2).unwrap_or_default();
    let listener = match env::var("LISTEN_FDS").ok() {
        // SAFETY: by the protocol, descriptor 3 is open and ours.
        Some(_) => UnixListener::from(unsafe { OwnedFd::from_raw_fd(3) }),
        None => UnixListener::bind(&path)?,
    };
    match mode.as_str() {
        "fails" => return Err("it cannot run".into()),
        "silent" => stay(),
        _ => {}
    }
    let _turn = turn(&path.with_extension("lock"))?;
    match mode.as_str() {
        "dies" => return Err("it was not to be".into()),
        "stuck" => stay(),
        _ => {}
    }
    tell("FDSTORE=1\nFDNAME=answers", Some(&listener))?;
    tell("READY=1", None)?;
    for stream in listener.incoming() {
        write!(stream?, "{} {names}", std::process::id())?;
    }
    Ok(())
}

/// The lock at `path`, which one that is replaced holds until it ends.
fn turn(path: &PathBuf) -> Result<File, Box<dyn Error>> {
    let file = File::create(path)?;
    if env::var_os("KEEPER_REPLACES").is_some() {
        tell("X_PREPARED=1", None)?;
    }
    file.lock()?;
    Ok(file)
}

fn stay() {
    loop {
        std::thread::park();
    }
}

/// Sends `text` to the keeper, and `listener` with it.
fn tell(text: &str, listener: Option<&UnixListener>) -> Result<(), Box<dyn Error>> {
    let keeper = UnixDatagram::unbound()?;
    keeper.connect(env::var("NOTIFY_SOCKET")?)?;
    let sockets: Vec<_> = listener.map(AsFd::as_fd).into_iter().collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !sockets.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(&sockets));
    }
    sendmsg(&keeper, &[IoSlice::new(text.as_bytes())], &mut ancillary, SendFlags::empty())?;
    Ok(())
}
