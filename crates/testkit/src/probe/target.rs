//! What the probe asks for, and what it takes for a right answer.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::{HeaderMap, Method, Uri};

/// One kind of request that the probe sends again and again.
#[derive(Debug, Clone)]
pub struct Target {
    /// How failures call it.
    pub name: String,
    /// Where it is sent.
    pub address: SocketAddr,
    /// Its `Host` header.
    pub host: String,
    /// Its path and query.
    pub path: String,
    /// Its method.
    pub method: Method,
    /// Its body.
    pub body: Body,
    /// What a right answer is.
    pub expect: Expect,
    /// Which connection it travels on.
    pub connection: Connection,
    /// Longest time until the whole answer is there.
    pub timeout: Duration,
}

/// Which connection a request travels on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// One that earlier requests used, when one is free.
    KeptAlive,
    /// A new one, closed after the answer.
    Fresh,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// None.
    Empty,
    /// At once, with its length told.
    Whole(Bytes),
    /// In chunks, with a pause before each: a slow upload.
    Chunks {
        /// What is sent.
        pieces: Vec<Bytes>,
        /// Time before each piece.
        pause: Duration,
    },
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

type Judge = dyn Fn(&Answer) -> Result<(), String> + Send + Sync;

/// What a right answer is. A success status (200 to 299) is asked for by all but `Fn`.
#[derive(Clone)]
pub enum Expect {
    /// Any success.
    Success,
    /// A success whose body contains this text.
    Contains(String),
    /// Whatever the function takes; its error says what is wrong.
    Fn(Arc<Judge>),
}

impl Expect {
    /// Judges `answer`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn judge(&self, answer: &Answer) -> Result<(), String> {
        let told = || format!("status {}, body {:.200}", answer.status, answer.text());
        match self {
            Self::Fn(judge) => judge(answer),
            _ if !(200..300).contains(&answer.status) => Err(told()),
            Self::Contains(text) if !answer.text().contains(text) => Err(format!("{text:?} is not in the answer: {}", told())),
            Self::Success | Self::Contains(_) => Ok(()),
        }
    }
}

impl fmt::Debug for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("Success"),
            Self::Contains(text) => f.debug_tuple("Contains").field(text).finish(),
            Self::Fn(_) => f.write_str("Fn"),
        }
    }
}

impl Target {
    /// A GET of `url` on a kept-alive connection, with any success for a right answer and 30 s of time.
    ///
    /// # Panics
    /// When `url` is not `http://HOST[:PORT]/PATH`, or its host has no address.
    #[must_use]
    pub fn get(name: impl Into<String>, url: &str) -> Self {
        let uri: Uri = url.parse().expect("a target's URL is valid");
        let authority = uri.authority().expect("a target's URL names a host");
        let port = authority.port_u16().unwrap_or(80);
        let addresses: Vec<SocketAddr> = (authority.host(), port).to_socket_addrs().expect("a target's host has an address").collect();
        let address = *addresses.iter().find(|address| address.is_ipv4()).unwrap_or(&addresses[0]);
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Self {
            name: name.into(),
            address,
            host: authority.to_string(),
            path,
            method: Method::GET,
            body: Body::Empty,
            expect: Expect::Success,
            connection: Connection::KeptAlive,
            timeout: Duration::from_secs(30),
        }
    }

    /// The same as a POST of `body`.
    ///
    /// # Panics
    /// As [`Self::get`].
    #[must_use]
    pub fn post(name: impl Into<String>, url: &str, body: Body) -> Self {
        Self { method: Method::POST, body, ..Self::get(name, url) }
    }

    /// Sends each request on a connection of its own.
    #[must_use]
    pub fn fresh(self) -> Self {
        Self { connection: Connection::Fresh, ..self }
    }

    /// Takes only a success with `text` in it for a right answer.
    #[must_use]
    pub fn contains(self, text: impl Into<String>) -> Self {
        Self { expect: Expect::Contains(text.into()), ..self }
    }

    /// Lets `judge` say what a right answer is.
    #[must_use]
    pub fn judged_by(self, judge: impl Fn(&Answer) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self { expect: Expect::Fn(Arc::new(judge)), ..self }
    }

    /// Sends the `Host` header `host`.
    #[must_use]
    pub fn host(self, host: impl Into<String>) -> Self {
        Self { host: host.into(), ..self }
    }
}
