//! A program behind the proxy that reads every byte itself, strictly, and writes down what it was asked: what is sloppy for it would be
//! two requests for someone.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Recorder {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

/// What stands before what cannot be read in one way.
pub const UNREADABLE: &str = "unreadable:";

/// What is answered to a request for a target: bytes as they are, and whether the connection is closed then.
pub type Answers = fn(&str) -> (&'static [u8], bool);

/// `200 ok` to everything.
pub fn well(_: &str) -> (&'static [u8], bool) {
    (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false)
}

impl Recorder {
    pub async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, answers, Arc::clone(&log)));
            }
        });
        Self { address, seen, task }
    }

    /// Takes what was asked since the last time: `METHOD TARGET HOST: BODY` for each.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, answers: Answers, log: Arc<Mutex<Vec<String>>>) {
    let mut buffer = Vec::new();
    loop {
        match parse(&buffer) {
            Ok(Some((target, told, length))) => {
                buffer.drain(..length);
                log.lock().unwrap().push(told);
                let (answer, close) = answers(&target);
                if stream.write_all(answer).await.is_err() || close {
                    return;
                }
            }
            Ok(None) => match stream.read_buf(&mut buffer).await {
                // A request that was begun and not ended is none.
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            Err(why) => return log.lock().unwrap().push(format!("{UNREADABLE} {why}: {}", String::from_utf8_lossy(&buffer))),
        }
    }
}

/// The first request in `buffer`: its target, how it is told of, and how long it is.
fn parse(buffer: &[u8]) -> Result<Option<(String, String, usize)>, &'static str> {
    let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    // Values may hold bytes that are no text (RFC 9110, 5.5).
    let head: String = buffer[..end].iter().map(|byte| char::from(*byte)).collect();
    let mut lines = head.split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, "HTTP/1.1"] = words[..] else { return Err("no request line") };
    let mut headers = Vec::new();
    for line in lines {
        if line.contains(['\r', '\n', '\0']) || line.starts_with([' ', '\t']) {
            return Err("a line that is two");
        }
        let (name, value) = line.split_once(": ").ok_or("no header")?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)) {
            return Err("no header name");
        }
        headers.push((name.to_ascii_lowercase(), value));
    }
    let all = |name: &str| headers.iter().filter(|(own, _)| own == name).map(|(_, value)| *value).collect::<Vec<_>>();
    let host = match all("host")[..] {
        [] => "-",
        [host] => host,
        _ => return Err("two hosts"),
    };
    let body = &buffer[end + 4..];
    let (body, length) = match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => (Vec::new(), 0),
        ([length], []) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            let length = length.parse().map_err(|_| "no length")?;
            match body.get(..length) {
                Some(body) => (body.to_vec(), length),
                None => return Ok(None),
            }
        }
        ([], ["chunked"]) => match chunks(body)? {
            Some(all) => all,
            None => return Ok(None),
        },
        _ => return Err("two framings"),
    };
    let told = format!("{method} {target} {host}: {}", String::from_utf8_lossy(&body));
    Ok(Some((target.to_owned(), told, end + 4 + length)))
}

/// A body in chunks, and how long it is with them.
fn chunks(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, &'static str> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Some(end) = bytes[at..].windows(2).position(|window| window == b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&bytes[at..at + end]).map_err(|_| "no chunk")?;
        let size = usize::from_str_radix(size, 16).map_err(|_| "no chunk size")?;
        at += end + 2;
        if size == 0 {
            return Ok(trailers(&bytes[at..])?.map(|length| (body, at + length)));
        }
        let Some(chunk) = bytes.get(at..at + size + 2) else { return Ok(None) };
        if !chunk.ends_with(b"\r\n") {
            return Err("no end of a chunk");
        }
        body.extend(&chunk[..size]);
        at += size + 2;
    }
}

/// How long the lines behind the last chunk are, with the empty one.
fn trailers(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    let mut at = 0;
    loop {
        let Some(end) = bytes[at..].windows(2).position(|window| window == b"\r\n") else { return Ok(None) };
        let line = bytes[at..at + end].to_ascii_lowercase();
        at += end + 2;
        if line.is_empty() {
            return Ok(Some(at));
        }
        let forbidden = ["host:", "content-length:", "transfer-encoding:", "connection:", " ", "\t"];
        if forbidden.iter().any(|start| line.starts_with(start.as_bytes())) {
            return Err("a trailer that is none");
        }
    }
}
