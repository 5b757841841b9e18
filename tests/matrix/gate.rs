//! Where processes with crash points tell that they have come to one, and wait to be let go on.

use std::io::{BufRead, BufReader, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A process at a point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The process.
    pub pid: u32,
    /// The point, such as `host: before decided`.
    pub point: String,
}

/// What a process at a point may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Go,
    /// It waits until somebody else is let go with [`Verdict::AllGo`].
    Stay,
    /// It goes on, and all who had to stay.
    AllGo,
}

type Watcher = Box<dyn FnMut(&Arrival) -> Verdict + Send>;

/// The gate of all processes whose binary lies in one folder. It is open until somebody watches it.
pub struct Gate(Arc<Mutex<Watcher>>);

impl Gate {
    /// A gate for the binaries in `folder`.
    pub fn of(folder: &Path) -> Self {
        let address = SocketAddr::from_abstract_name(folder.join("crash-points.sock").as_os_str().as_encoded_bytes());
        let listener = address.and_then(|address| UnixListener::bind_addr(&address)).expect("nobody else listens for them");
        let gate = Self(Arc::new(Mutex::new(open())));
        let watcher = Arc::clone(&gate.0);
        // It ends with the test: whoever comes later finds nobody, and goes on.
        std::thread::spawn(move || serve(&listener, &watcher));
        gate
    }

    /// From now on `watcher` is asked, about one process after the other. What it does to the processes, it does while they wait.
    pub fn watch(&self, watcher: impl FnMut(&Arrival) -> Verdict + Send + 'static) {
        *locked(&self.0) = Box::new(watcher);
    }

    /// Lets everyone go on, without a question.
    pub fn open(&self) {
        *locked(&self.0) = open();
    }
}

fn open() -> Watcher {
    Box::new(|_| Verdict::AllGo)
}

fn serve(listener: &UnixListener, watcher: &Mutex<Watcher>) {
    let mut waiting: Vec<UnixStream> = Vec::new();
    for stream in listener.incoming().map_while(Result::ok) {
        // One that was killed on its way here says nothing.
        let Some(arrival) = heard(&stream) else { continue };
        let verdict = locked(watcher)(&arrival);
        waiting.push(stream);
        let go = match verdict {
            Verdict::Go => waiting.pop().into_iter().collect(),
            Verdict::Stay => Vec::new(),
            Verdict::AllGo => std::mem::take(&mut waiting),
        };
        // One that was killed meanwhile needs no answer.
        go.into_iter().for_each(|mut stream| drop(stream.write_all(b"\n")));
    }
}

fn heard(stream: &UnixStream) -> Option<Arrival> {
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    let (pid, point) = line.trim_end().split_once(' ')?;
    Some(Arrival { pid: pid.parse().ok()?, point: point.to_owned() })
}

/// A watcher that panicked has told so: the test fails, and the processes go on to their end.
fn locked(watcher: &Mutex<Watcher>) -> MutexGuard<'_, Watcher> {
    watcher.lock().unwrap_or_else(PoisonError::into_inner)
}
