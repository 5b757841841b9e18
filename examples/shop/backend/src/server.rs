//! Listens, gives each connection a thread, and stops without losing a request.
//!
//! To stop: take what already stands in the queue of the listener, close it, wake the connections that
//! wait for a next request, answer what is under way with `Connection: close`, and wait for the last.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::http::{self, Request, Response};

/// How long a connection may be silent. Longer than proxies keep theirs, so that they close first.
const SILENCE: Duration = Duration::from_secs(120);
/// How long a new connection may take to send its first request. A stop waits for it: the request may be on its way.
const FIRST_REQUEST: Duration = Duration::from_secs(3);

/// A server that runs until it is stopped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
    /// Closes when the last connection has ended, as each holds its other end.
    ended: Receiver<()>,
}

/// What all connections know of.
#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    /// The connections that had an answer and wait for a next request.
    idle: Mutex<HashMap<SocketAddr, TcpStream>>,
}

impl Server {
    /// Answers the requests that arrive at `listener` with `answer`, in threads of its own.
    ///
    /// # Errors
    /// When the address of the listener cannot be told.
    pub fn start(listener: TcpListener, answer: impl Fn(&Request) -> Response + Send + Sync + 'static) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let (alive, ended) = channel();
        let known = Arc::clone(&shared);
        let accepting = thread::spawn(move || accept(&listener, &known, &Arc::new(answer), &alive));
        Ok(Self { address, shared, accepting, ended })
    }

    /// Stops accepting, and returns when every request that was under way is answered.
    pub fn stop(self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // A connection of our own wakes the thread that waits in `accept`.
        drop(TcpStream::connect(self.address));
        drop(self.accepting.join());
        self.shared.close_idle();
        let _all_ended = self.ended.recv();
    }
}

impl Shared {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<SocketAddr, TcpStream>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the wait of the connections that wait for a request; what has arrived already is still read.
    fn close_idle(&self) {
        for stream in self.idle().values() {
            drop(stream.shutdown(Shutdown::Read));
        }
    }

    /// Waits for the first byte of a next request. False when there will be none.
    fn wait_for_next(&self, reader: &mut BufReader<TcpStream>, peer: SocketAddr) -> io::Result<bool> {
        let stream = reader.get_ref().try_clone()?;
        self.idle().insert(peer, stream);
        // The stop may have come before this connection was listed; then nobody else wakes it.
        if self.is_stopping() {
            self.close_idle();
        }
        let arrived = arrives(reader);
        self.idle().remove(&peer);
        arrived
    }
}

/// Waits for a byte; false when none will come. The wait of a process that is stopped and continued is cut off, and goes on.
fn arrives(reader: &mut BufReader<TcpStream>) -> io::Result<bool> {
    loop {
        match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            waited => return waited.map(|bytes| !bytes.is_empty()),
        }
    }
}

fn accept<F>(listener: &TcpListener, shared: &Arc<Shared>, answer: &Arc<F>, alive: &Sender<()>)
where
    F: Fn(&Request) -> Response + Send + Sync + 'static,
{
    loop {
        // From the stop on, only what the system has queued already is taken.
        if shared.is_stopping() && listener.set_nonblocking(true).is_err() {
            return;
        }
        match listener.accept() {
            Ok((stream, peer)) => {
                let (shared, answer, alive) = (Arc::clone(shared), Arc::clone(answer), alive.clone());
                thread::spawn(move || {
                    // A connection that breaks is the client's loss alone.
                    drop(serve(stream, peer, &shared, &*answer));
                    drop(alive);
                });
            }
            Err(_) if shared.is_stopping() => return,
            // Out of file descriptors, say: others will end and free theirs.
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

/// Answers the requests of one connection, one after the other.
fn serve(mut stream: TcpStream, peer: SocketAddr, shared: &Shared, answer: &dyn Fn(&Request) -> Response) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(FIRST_REQUEST))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    arrives(&mut reader)?;
    stream.set_read_timeout(Some(SILENCE))?;
    loop {
        let request = match http::read_request(&mut reader, &mut stream) {
            Ok(Some(request)) => request,
            Ok(None) => break,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let response = Response::new("400 Bad Request", "text/plain; charset=utf-8", format!("{error}\n"));
                return http::write_response(&mut stream, &response, false, false);
            }
            Err(error) => return Err(error),
        };
        let response = answer(&request);
        let keep_alive = request.keep_alive && !shared.is_stopping();
        http::write_response(&mut stream, &response, request.method == "HEAD", keep_alive)?;
        if !(keep_alive && shared.wait_for_next(&mut reader, peer)?) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn a_stop_answers_what_is_under_way_and_closes_what_is_idle() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let (entered, has_entered) = channel();
        let (go, may_go) = channel::<()>();
        let may_go = Mutex::new(may_go);
        let server = Server::start(listener, move |request| {
            if request.path == "/slow" {
                entered.send(()).expect("the test waits for it");
                may_go.lock().expect("nobody else panics").recv().expect("the test sends it");
            }
            Response::new("200 OK", "text/plain", "done")
        })
        .expect("it starts");
        let ask = |path| {
            let mut stream = TcpStream::connect(address).expect("it listens");
            write!(stream, "GET {path} HTTP/1.1\r\n\r\n").expect("it is connected");
            stream
        };
        let read = |stream: &mut TcpStream| {
            let mut answer = vec![0; 1024];
            let length = stream.read(&mut answer).expect("an answer or the end");
            String::from_utf8(answer[..length].to_vec()).expect("text")
        };

        let mut idle = ask("/");
        assert!(read(&mut idle).ends_with("done"));
        let mut slow = ask("/slow");
        has_entered.recv().expect("the request arrives");
        let stopping = thread::spawn(move || server.stop());
        assert_eq!(read(&mut idle), "", "the idle connection is closed while another request is under way");
        go.send(()).expect("the handler waits for it");
        let answer = read(&mut slow);
        assert!(answer.contains("Connection: close") && answer.ends_with("done"), "{answer}");
        stopping.join().expect("the stop returns");
        assert!(TcpStream::connect(address).is_err(), "nothing listens any more");
    }
}
