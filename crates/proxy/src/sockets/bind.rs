//! Binding a port: one socket for each worker and address, all of one `SO_REUSEPORT` group.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use super::Kept;
use crate::control::ControlError;

/// How many connections wait to be accepted, for each socket. The kernel lowers it to its own limit.
const BACKLOG: i32 = 4096;

/// On which of the machine's addresses ports are opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses(Vec<IpAddr>);

impl Addresses {
    /// Reachable from everywhere, by IPv4 and IPv6.
    #[must_use]
    pub fn everywhere() -> Self {
        Self(vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()])
    }

    /// Reachable from this machine only.
    #[must_use]
    pub fn loopback() -> Self {
        Self(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
    }
}

/// Opens `port` on all of `addresses`, with `copies` sockets each.
///
/// # Errors
/// The port is someone else's, or the kernel refuses. Nothing stays open then.
pub(crate) fn group(port: u16, addresses: &Addresses, copies: usize) -> Result<Vec<Kept>, ControlError> {
    let mut group = Vec::new();
    for address in &addresses.0 {
        let address = SocketAddr::new(*address, port);
        match on_address(address, copies) {
            Ok(listeners) => group.extend(listeners),
            Err(error) if lacks_family(&error) => tracing::debug!(%address, %error, "the machine has no such address"),
            Err(error) => return Err(refusal(port, &error)),
        }
    }
    if group.is_empty() {
        return Err(ControlError::Bind { port, reason: "the machine has none of the addresses to listen on".into() });
    }
    Ok(group.into_iter().enumerate().map(|(number, listener)| Kept::numbered(port, number, listener)).collect())
}

/// With `SO_REUSEPORT` the kernel would let us join the group of another process of the same user without a word,
/// so the address is first bound without it.
fn on_address(address: SocketAddr, copies: usize) -> io::Result<Vec<TcpListener>> {
    drop(listen(address, false)?);
    (0..copies).map(|_| listen(address, true)).collect()
}

fn listen(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn lacks_family(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL))
}

fn refusal(port: u16, error: &io::Error) -> ControlError {
    match error.kind() {
        io::ErrorKind::AddrInUse => ControlError::PortTaken { port },
        _ => ControlError::Bind { port, reason: error.to_string() },
    }
}
