//! The proxy as a process of its own, killed and started again while its sockets are held, as systemd and the keeper do.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use plimsoll_model::route::{Route, RouteTable};
use plimsoll_proxy::control::Client;
use rustix::io::{dup2, fcntl_dupfd_cloexec};

use crate::support::backend::Backend;
use crate::support::client::{Connection, get, request};
use crate::support::free_port;
use crate::support::table::to_slot;

/// A proxy's process and what is held for it.
struct Kept {
    folder: tempfile::TempDir,
    notify: UnixDatagram,
    held: Vec<(String, OwnedFd)>,
    child: Child,
}

impl Kept {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let notify = UnixDatagram::bind(folder.path().join("notify.sock")).unwrap();
        let child = spawn(folder.path(), &[]);
        let mut kept = Self { folder, notify, held: Vec::new(), child };
        kept.listen_until("READY=1");
        kept
    }

    fn control(&self) -> Client {
        Client::new(self.folder.path().join("proxy.sock"))
    }

    /// Takes messages until one that says `last`.
    fn listen_until(&mut self, last: &str) {
        while self.take().unwrap() != last {}
    }

    /// Takes the messages that are there.
    fn take_waiting(&mut self) {
        self.notify.set_nonblocking(true).unwrap();
        while self.take().is_ok() {}
        self.notify.set_nonblocking(false).unwrap();
    }

    fn take(&mut self) -> std::io::Result<String> {
        let (text, socket) = receive(&self.notify)?;
        match (text.split_once("\nFDNAME="), socket) {
            (Some(("FDSTORE=1", name)), Some(socket)) => self.held.push((name.to_owned(), socket)),
            (Some(("FDSTOREREMOVE=1", name)), None) => self.held.retain(|(held, _)| held != name),
            _ => {}
        }
        Ok(text)
    }

    /// Starts another process, which gets what is held. It is not waited for. Gives back the one before.
    fn respawn(&mut self) -> Child {
        let next = spawn(self.folder.path(), &self.held);
        std::mem::replace(&mut self.child, next)
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The example `serve`, which is built beside the tests: sockets are passed to processes, so the proxy has to be one.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("examples/serve")
}

/// Passes `held` the way of systemd: from descriptor 3 on, with their names.
fn spawn(folder: &Path, held: &[(String, OwnedFd)]) -> Child {
    let names: Vec<&str> = held.iter().map(|(name, _)| name.as_str()).collect();
    let sources: Vec<i32> = held.iter().map(|(_, socket)| socket.as_raw_fd()).collect();
    let mut command = Command::new(program());
    command.arg(folder).stdout(Stdio::null());
    command.env("NOTIFY_SOCKET", folder.join("notify.sock")).env("LISTEN_FDS", held.len().to_string()).env("LISTEN_FDNAMES", names.join(":"));
    // SAFETY: what runs between fork and exec only duplicates descriptors.
    unsafe { command.pre_exec(move || pass(&sources)) };
    command.spawn().unwrap()
}

/// Duplicates `sources` to the numbers from 3 on: first out of the way of those numbers, then to them.
fn pass(sources: &[i32]) -> std::io::Result<()> {
    // SAFETY: the parent keeps `sources` open, and what was duplicated is not closed before exec.
    let borrow = |fd: i32| unsafe { BorrowedFd::borrow_raw(fd) };
    let aside: Vec<i32> = sources.iter().map(|fd| fcntl_dupfd_cloexec(borrow(*fd), 100).map(IntoRawFd::into_raw_fd)).collect::<Result<_, _>>()?;
    for (number, fd) in (3..).zip(aside) {
        // SAFETY: whatever was open at this number is given up to the new program.
        let mut target = unsafe { OwnedFd::from_raw_fd(number) };
        dup2(borrow(fd), &mut target)?;
        let _ = target.into_raw_fd();
    }
    Ok(())
}

fn receive(holder: &UnixDatagram) -> std::io::Result<(String, Option<OwnedFd>)> {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
    let (mut text, mut space) = ([0; 256], [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))]);
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let message = recvmsg(holder, &mut [std::io::IoSliceMut::new(&mut text)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let socket = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    Ok((String::from_utf8(text[..message.bytes].to_vec()).unwrap(), socket))
}

async fn put(kept: &mut Kept, generation: u64, routes: Vec<Route>) {
    kept.control().put(&RouteTable { generation, routes }).await.unwrap();
    kept.take_waiting();
}

/// Requests until told to stop, on connections that are kept as long as the proxy wants; what was not answered right.
async fn load(port: u16, keep: bool, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) -> Vec<String> {
    let (mut wrong, mut connection) = (Vec::new(), None);
    while !stop.load(SeqCst) {
        let open = match connection.take() {
            Some(open) if keep => open,
            _ => Connection::open(port).await,
        };
        let mut open = open;
        match open.try_ask(request("POST", "/echo", &[], "ping")).await {
            Ok(answer) if answer.text() == "ping" => connection = (answer.header("connection") != Some("close")).then_some(open),
            other => wrong.push(format!("{other:?}")),
        }
        done.fetch_add(1, SeqCst);
    }
    wrong
}

#[tokio::test]
async fn while_its_sockets_are_held_a_killed_proxy_refuses_nobody() {
    let (mut kept, port, blue) = (Kept::start(), free_port(), Backend::start("blue").await);
    put(&mut kept, 1, vec![to_slot(port, "blue", blue.address)]).await;
    assert!(kept.held.iter().any(|(name, _)| *name == format!("tcp-{port}-0")), "{:?}", kept.held);

    kept.kill();
    let waiting: Vec<_> = (0..20).map(|_| tokio::spawn(async move { get(port, "/").await })).collect();
    kept.respawn().wait().unwrap();
    for answer in waiting {
        assert_eq!(answer.await.unwrap().text(), "blue");
    }

    kept.listen_until("READY=1");
    put(&mut kept, 2, vec![]).await;
    let names: Vec<_> = kept.held.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.iter().all(|name| *name == "control"), "a closed port is not held any more: {names:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_loses_no_request() {
    let (mut kept, port, blue) = (Kept::start(), free_port(), Backend::start("blue").await);
    put(&mut kept, 1, vec![to_slot(port, "blue", blue.address)]).await;
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..4).map(|n| tokio::spawn(load(port, n % 2 == 0, Arc::clone(&stop), Arc::clone(&done)))).collect();
    for successor_first in [true, false] {
        if successor_first {
            let mut old = kept.respawn();
            terminate(&old);
            old.wait().unwrap();
        } else {
            terminate(&kept.child);
            kept.child.wait().unwrap();
            kept.respawn().wait().unwrap();
        }
        kept.listen_until("READY=1");
        let before = done.load(SeqCst);
        while done.load(SeqCst) < before + 200 {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, SeqCst);
    for client in clients {
        assert_eq!(client.await.unwrap(), Vec::<String>::new());
    }
}

fn terminate(child: &Child) {
    let id = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
}
