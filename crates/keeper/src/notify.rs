//! The socket where a program tells its keeper that it is ready, and hands over sockets: `sd_notify(3)`.

use std::fs;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tokio::io::Interest;
use tokio::net::UnixDatagram;

use crate::KeeperError;
use crate::user::Credentials;

/// What the names of these sockets start and end with.
const STEM: &str = "notify";
const TAIL: &str = ".sock";
/// The longest address of a Unix socket, in bytes.
const LONGEST_ADDRESS: usize = 107;
/// The longest message that is read, in bytes.
const LONGEST_MESSAGE: usize = 4096;
/// The most sockets that come with one: the kernel passes no more at once.
const MOST: usize = 253;

/// What a program said.
#[derive(Debug, Default)]
pub(crate) struct Notice {
    /// It is ready.
    pub ready: bool,
    /// It could be as soon as the program before it lets go: said by one that replaces another.
    pub prepared: bool,
    /// Keep the sockets that came with it.
    pub store: bool,
    /// Close what is held under the name.
    pub remove: bool,
    /// The name of what is to be kept or closed.
    pub name: String,
    /// The sockets.
    pub sockets: Vec<OwnedFd>,
}

/// The socket. Its name goes with it.
pub(crate) struct Notices {
    socket: UnixDatagram,
    name: String,
    /// Where the program finds it.
    pub address: PathBuf,
}

impl Notices {
    /// Binds the socket number `number` in the current folder, which is `folder`, for the program's user alone. Programs that run
    /// beside each other are told apart by it.
    pub(crate) fn bind(folder: &Path, number: u32, credentials: Option<&Credentials>) -> Result<Self, KeeperError> {
        let name = if number == 0 { format!("{STEM}{TAIL}") } else { format!("{STEM}-{number}{TAIL}") };
        remove(&name);
        let socket = UnixDatagram::bind(&name).map_err(KeeperError::io("listen at", Path::new(&name)))?;
        if let Some(Credentials { uid, gid, .. }) = credentials {
            rustix::fs::chown(&name, Some(*uid), Some(*gid)).map_err(KeeperError::system("give the notify socket to the program's user"))?;
        }
        Ok(Self { socket, address: address(folder, &name), name })
    }

    /// Takes away what a keeper that was killed left in the current folder.
    pub(crate) fn clear_away() {
        let names = fs::read_dir(".").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.filter(|name| name.starts_with(STEM) && name.ends_with(TAIL)).for_each(|name| remove(&name));
    }

    /// The next notice. Nothing is lost when the wait is given up.
    pub(crate) async fn next(&self) -> io::Result<Notice> {
        loop {
            self.socket.readable().await?;
            match self.socket.try_io(Interest::READABLE, || receive(&self.socket)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                notice => return notice,
            }
        }
    }

    /// A notice that is there already, known to the runtime or not; an error of kind `WouldBlock` when there is none.
    pub(crate) fn now(&self) -> io::Result<Notice> {
        receive(&self.socket)
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

fn remove(name: &str) {
    let _ = fs::remove_file(name);
}

/// Through the keeper's own current folder where the path is too long.
fn address(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    if path.as_os_str().len() <= LONGEST_ADDRESS {
        return path;
    }
    PathBuf::from(format!("/proc/{}/cwd/{name}", std::process::id()))
}

fn receive(socket: impl AsFd) -> io::Result<Notice> {
    let mut text = [0; LONGEST_MESSAGE];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut text)], &mut ancillary, flags)?;
    let mut notice = parse(&String::from_utf8_lossy(&text[..received.bytes]));
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(sockets) = message {
            notice.sockets.extend(sockets);
        }
    }
    Ok(notice)
}

/// What is not known here is passed over, as the protocol wants it.
fn parse(text: &str) -> Notice {
    let mut notice = Notice { name: "stored".to_owned(), ..Notice::default() };
    for line in text.lines() {
        match line.split_once('=') {
            Some(("READY", "1")) => notice.ready = true,
            Some(("X_PREPARED", "1")) => notice.prepared = true,
            Some(("FDSTORE", "1")) => notice.store = true,
            Some(("FDSTOREREMOVE", "1")) => notice.remove = true,
            Some(("FDNAME", name)) if is_name(name) => name.clone_into(&mut notice.name),
            _ => {}
        }
    }
    notice
}

/// Whether it can stand in `LISTEN_FDNAMES`.
fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: (bool, bool, bool, &str)) {
        let notice = parse(text);
        assert_eq!((notice.ready, notice.store, notice.remove, notice.name.as_str()), expect, "{text:?}");
    }

    #[test]
    fn notices_are_understood() {
        check("READY=1", (true, false, false, "stored"));
        check("FDSTORE=1\nFDNAME=https\n", (false, true, false, "https"));
        check("FDNAME=https\nFDSTOREREMOVE=1", (false, false, true, "https"));
        check("FDSTORE=1\nFDNAME=a:b", (false, true, false, "stored"));
        check("FDSTORE=1\nFDNAME=", (false, true, false, "stored"));
        check("STATUS=fine\nREADY=0\nnonsense", (false, false, false, "stored"));
    }
}
