//! The host's end of a connection over SSH: `plimsoll host dial` joins its standard streams to the daemon's socket.
//!
//! Standard output carries nothing but what the daemon answers. Where there is no daemon to be had, the last line on standard error says so
//! in a form that the other end can read.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc;

use plimsoll_api::wire::SYSTEM_GROUP;
use plimsoll_model::deployment::Failure;

/// What the line begins with that tells the other end of a failure. The rest of it is the failure as JSON.
const FAILURE: &str = "plimsoll-failure: ";

/// How much is passed on at once, in bytes: what a pipe holds.
const PIECE: usize = 64 << 10;

/// The command that is run on the host, by whatever shell the login has. `LC_ALL` is ours: programs there get the host's own language.
pub(crate) const COMMAND: &str = "sh -c 'unset LC_ALL; PATH=\"$HOME/.local/bin:/usr/local/bin:$PATH\"; exec plimsoll host dial'";

/// The daemon of the whole machine, which listens at `socket`; none where the machine has none.
///
/// # Errors
/// `not-a-member` when this login may not speak to it, `daemon-down` when nobody listens.
pub fn machine(socket: &Path) -> Result<Option<UnixStream>, Failure> {
    match UnixStream::connect(socket) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let message = format!("this login may not speak to the machine's daemon: it is not in the group {SYSTEM_GROUP}");
            Err(Failure::new("not-a-member", message).with_help(format!("use the login that deploys, or as root: adduser LOGIN {SYSTEM_GROUP}")))
        }
        Err(error) => {
            let message = format!("the machine's daemon cannot be reached at {}: {error}", socket.display());
            Err(Failure::new("daemon-down", message).with_help("as root: systemctl restart plimsoll.socket plimsoll.service"))
        }
    }
}

/// Copies both ways until either side has nothing more to say.
///
/// # Errors
/// The system gives no second thread.
pub fn join(daemon: UnixStream, input: impl Read + Send + 'static, output: impl Write + Send + 'static) -> io::Result<()> {
    let (ended, either) = mpsc::channel();
    copy("ask", input, daemon.try_clone()?, ended.clone())?;
    copy("answer", daemon.try_clone()?, output, ended)?;
    // The thread that still waits for its side ends with the process.
    let _ = either.recv();
    daemon.shutdown(Shutdown::Both).or(Ok(()))
}

fn copy(name: &str, mut from: impl Read + Send + 'static, mut to: impl Write + Send + 'static, ended: mpsc::Sender<()>) -> io::Result<()> {
    let work = move || {
        // A side that breaks has nothing more to say either.
        let _ = pass_on(&mut from, &mut to);
        let _ = ended.send(());
    };
    std::thread::Builder::new().name(name.into()).spawn(work).map(drop)
}

/// Not `io::copy`, which lets Linux move bytes by `splice`: that waits for more with the pipe locked, and `sshd` at its other end, which
/// only wants to look, hangs.
fn pass_on(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return to.flush(),
            Ok(length) => to.write_all(&piece[..length])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The line that tells the other end why there is no daemon to be had.
#[must_use]
pub fn line(failure: &Failure) -> String {
    let told = serde_json::to_string(failure).expect("a failure is made of strings");
    format!("{FAILURE}{told}")
}

/// The failure that the other end told, among whatever else was said there.
pub(crate) fn told(said: &str) -> Option<Failure> {
    said.lines().rev().find_map(|line| serde_json::from_str(line.trim().strip_prefix(FAILURE)?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_arrives_as_it_was_told() {
        let failure = Failure::new("daemon-silent", "it does\nnot answer").with_help("look").with_output(vec!["x".into()]);
        assert_eq!(told(&format!("motd\n{}\r\nbye\n", line(&failure))), Some(failure));
        assert_eq!(told("motd\nplimsoll-failure: {\n"), None);
    }

    #[test]
    fn a_machine_without_a_daemon_is_no_trouble_and_a_dead_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.sock");
        assert!(machine(&path).unwrap().is_none());
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(machine(&path).unwrap().is_some());
        drop(listener);
        assert_eq!(machine(&path).unwrap_err().code, "daemon-down");
    }

    #[test]
    fn what_is_asked_is_answered_and_the_end_of_one_side_ends_both() {
        let (here, mut daemon) = UnixStream::pair().unwrap();
        let ((asks, mut asked), (mut answered, answers)) = (UnixStream::pair().unwrap(), UnixStream::pair().unwrap());
        let joined = std::thread::spawn(move || join(here, asks, answers));
        let mut heard = [0; 4];
        asked.write_all(b"ping").unwrap();
        daemon.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"ping");
        daemon.write_all(b"pong").unwrap();
        answered.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"pong");
        drop(asked);
        joined.join().unwrap().unwrap();
        assert_eq!(daemon.read(&mut heard).unwrap(), 0, "the daemon is let go");
    }
}
