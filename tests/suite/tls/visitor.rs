//! Who asks by HTTPS, and asks again on the same connection.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use rustls::{ClientConfig, ClientConnection, ProtocolVersion, StreamOwned};

/// A connection whose server has shown a certificate that the client trusts.
pub struct Visitor {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    host: String,
}

/// Visitors that ask until they are told to stop.
pub struct Visitors {
    stop: Arc<AtomicBool>,
    answered: Receiver<()>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Visitor {
    /// Connects to `port`, names `host` and shakes hands.
    pub fn connect(port: u16, host: &str, config: &Arc<ClientConfig>) -> io::Result<Self> {
        let name = host.to_owned().try_into().expect("it is a name");
        let mut client = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        client.complete_io(&mut stream)?;
        Ok(Self { stream: BufReader::new(StreamOwned::new(client, stream)), host: host.to_owned() })
    }

    /// What a client is offered that speaks HTTP/2 and the newest TLS.
    pub fn negotiate(port: u16, host: &str, config: &Arc<ClientConfig>) -> io::Result<(Option<Vec<u8>>, Option<ProtocolVersion>)> {
        let mut config = (**config).clone();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let connection = &Self::connect(port, host, &Arc::new(config))?.stream.into_inner().conn;
        Ok((connection.alpn_protocol().map(<[u8]>::to_vec), connection.protocol_version()))
    }

    /// The certificate that it was shown.
    pub fn shown(&self) -> &[u8] {
        &self.stream.get_ref().conn.peer_certificates().expect("hands were shaken")[0]
    }

    /// The answer to a GET of `/`: its head in small letters, and its body.
    pub fn get(&mut self) -> io::Result<(String, String)> {
        write!(self.stream.get_mut(), "GET / HTTP/1.1\r\nHost: {}\r\n\r\n", self.host)?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.ok_or_else(|| io::Error::other(format!("no length: {head}")))?];
        self.stream.read_exact(&mut body)?;
        Ok((head, String::from_utf8_lossy(&body).into_owned()))
    }
}

impl Visitors {
    /// One that keeps its connection, and one that does not.
    pub fn start(port: u16, host: &'static str, config: &Arc<ClientConfig>) -> Self {
        Self::of(&[true, false], port, host, config)
    }

    /// Two that connect for each request.
    pub fn fresh(port: u16, host: &'static str, config: &Arc<ClientConfig>) -> Self {
        Self::of(&[false, false], port, host, config)
    }

    fn of(keep: &[bool], port: u16, host: &'static str, config: &Arc<ClientConfig>) -> Self {
        let (stop, (tell, answered)) = (Arc::new(AtomicBool::new(false)), mpsc::channel());
        let one = |keep| {
            let (config, stop, tell) = (Arc::clone(config), Arc::clone(&stop), tell.clone());
            std::thread::spawn(move || ask(|| Visitor::connect(port, host, &config), keep, &stop, &tell))
        };
        Self { threads: keep.iter().copied().map(one).collect(), stop, answered }
    }

    /// Waits for more answers. Asserts that there are any.
    pub fn flow(&self) {
        assert_eq!(self.answered.iter().take(50).count(), 50, "requests are answered no more");
    }

    /// Stops, when more have been answered: every single one must have been, and on the kept connection.
    pub fn assert_unharmed(self) {
        self.flow();
        self.stop.store(true, SeqCst);
        for thread in self.threads {
            thread.join().expect("a visitor does not panic").expect("every request is answered");
        }
    }
}

fn ask(connect: impl Fn() -> io::Result<Visitor>, keep: bool, stop: &AtomicBool, tell: &Sender<()>) -> io::Result<()> {
    let mut visitor = connect()?;
    while !stop.load(SeqCst) {
        let (head, body) = visitor.get()?;
        if !head.starts_with("http/1.1 200") || !body.contains("version") {
            return Err(io::Error::other(format!("{head}{body}")));
        }
        // Who stops has been told enough.
        let _ = tell.send(());
        if !keep {
            visitor = connect()?;
        }
    }
    Ok(())
}
