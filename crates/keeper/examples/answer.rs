//! What a program does to have its listening socket held: `answer SOCKET` listens there and answers each connection with its
//! process id and the names of what it got back from its keeper.

use std::env;
use std::error::Error;
use std::io::{IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::PathBuf;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

fn main() -> Result<(), Box<dyn Error>> {
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let listener = match env::var("LISTEN_FDS").ok() {
        // SAFETY: by the protocol, descriptor 3 is open and ours.
        Some(_) => UnixListener::from(unsafe { OwnedFd::from_raw_fd(3) }),
        None => UnixListener::bind(env::args_os().nth(1).map(PathBuf::from).ok_or("usage: answer SOCKET")?)?,
    };
    tell("FDSTORE=1\nFDNAME=answers", Some(&listener))?;
    tell("READY=1", None)?;
    for stream in listener.incoming() {
        write!(stream?, "{} {names}", std::process::id())?;
    }
    Ok(())
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
