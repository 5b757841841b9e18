//! Telling whoever started this process that it is ready, and giving it sockets to hold: systemd's `NOTIFY_SOCKET`
//! protocol with its file-descriptor store.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

/// Someone who holds sockets, or nobody.
#[derive(Debug, Default)]
pub(crate) struct Holder(Option<UnixDatagram>);

impl Holder {
    /// The holder at `address`: a path, or `@NAME` for one without a file.
    pub(crate) fn at(address: &str) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        connect(&socket, address)?;
        Ok(Self(Some(socket)))
    }

    /// The same; one that cannot be reached is as good as none.
    pub(crate) fn reach(address: &str) -> Self {
        Self::at(address).unwrap_or_else(|error| {
            tracing::warn!(address, %error, "nobody holds sockets for this proxy");
            Self::default()
        })
    }

    /// Whether there is one.
    pub(crate) fn holds(&self) -> bool {
        self.0.is_some()
    }

    /// Gives a copy of `socket` to be held as `name`.
    pub(crate) fn store(&self, name: &str, socket: &impl AsFd) {
        self.send(&format!("FDSTORE=1\nFDNAME={name}"), Some(socket.as_fd()));
    }

    /// What is held under `name` is no longer needed.
    pub(crate) fn forget(&self, name: &str) {
        self.send(&format!("FDSTOREREMOVE=1\nFDNAME={name}"), None);
    }

    /// The process could serve as soon as the one before it lets go.
    pub(crate) fn prepared(&self) {
        self.send("X_PREPARED=1", None);
    }

    /// The process serves.
    pub(crate) fn ready(&self) {
        self.send("READY=1", None);
    }

    /// The process serves no new connections and ends soon.
    pub(crate) fn stopping(&self) {
        self.send("STOPPING=1", None);
    }

    /// A holder that went away costs a restart without gap, and nothing now: it is logged and no more.
    fn send(&self, text: &str, with: Option<BorrowedFd<'_>>) {
        let Some(socket) = &self.0 else { return };
        if let Err(error) = deliver(socket, text, with) {
            tracing::warn!(message = text, %error, "the holder of sockets does not take a message");
        }
    }
}

fn deliver(socket: &UnixDatagram, text: &str, with: Option<BorrowedFd<'_>>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = with.map(|socket| [socket]);
    if let Some(descriptors) = &descriptors {
        control.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    sendmsg(socket, &[IoSlice::new(text.as_bytes())], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn connect(socket: &UnixDatagram, address: &str) -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    match address.strip_prefix('@') {
        Some(name) => socket.connect_addr(&SocketAddr::from_abstract_name(name)?),
        None => socket.connect(address),
    }
}

#[cfg(not(target_os = "linux"))]
fn connect(socket: &UnixDatagram, address: &str) -> io::Result<()> {
    socket.connect(address)
}

#[cfg(test)]
mod tests {
    use std::io::IoSliceMut;
    use std::net::TcpListener;

    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

    use super::*;

    /// The next message, and the address of the socket that came with it.
    fn receive(holder: &UnixDatagram) -> (String, Option<std::net::SocketAddr>) {
        let (mut text, mut space) = ([0; 256], [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))]);
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let message = recvmsg(holder, &mut [IoSliceMut::new(&mut text)], &mut control, RecvFlags::empty()).unwrap();
        let fd = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
            _ => None,
        });
        (String::from_utf8(text[..message.bytes].to_vec()).unwrap(), fd.map(|fd| TcpListener::from(fd).local_addr().unwrap()))
    }

    #[test]
    fn a_holder_gets_the_socket_and_is_told_to_forget_it() {
        let folder = tempfile::tempdir().unwrap();
        let address = folder.path().join("notify");
        let socket = UnixDatagram::bind(&address).unwrap();
        let holder = Holder::at(address.to_str().unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let bound = listener.local_addr().unwrap();

        holder.store("tcp-80-1", &listener);
        holder.forget("tcp-80-1");
        holder.ready();

        assert_eq!(receive(&socket), ("FDSTORE=1\nFDNAME=tcp-80-1".into(), Some(bound)));
        assert_eq!(receive(&socket), ("FDSTOREREMOVE=1\nFDNAME=tcp-80-1".into(), None));
        assert_eq!(receive(&socket), ("READY=1".into(), None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_holder_may_have_no_file() {
        use std::os::linux::net::SocketAddrExt;
        let name = format!("plimsoll-notify-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        Holder::at(&format!("@{name}")).unwrap().ready();
        assert_eq!(receive(&socket).0, "READY=1");
    }
}
