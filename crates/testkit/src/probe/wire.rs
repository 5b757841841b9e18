//! One request over one connection, on hyper's bare client connections: nothing here tries again in
//! silence.
//!
//! A kept-alive connection that turns out to be closed may be replaced only while its request is still
//! wholly unsent. Once the first byte may have left, every fault is a failure. Whether it is closed, the system is
//! asked before each request: it knows at once, where the runtime may have been kept from hearing of it.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::sync::Mutex;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Frame;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::target::{Answer, Body, Connection, Target};

type RequestBody = UnsyncBoxBody<Bytes, Infallible>;

/// A target with the kept-alive connections to it that are free.
pub(super) struct Wire {
    pub(super) target: Target,
    free: Mutex<Vec<Sender>>,
}

/// A connection, and the socket beneath it.
struct Sender {
    requests: SendRequest<RequestBody>,
    socket: std::net::TcpStream,
}

impl Sender {
    /// Whether the other end has closed it. Something to read that nobody has asked for is no connection to go on with either.
    fn is_closed(&self) -> bool {
        let is_silent = self.socket.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        self.requests.is_closed() || !is_silent
    }
}

impl Wire {
    pub(super) fn new(target: Target) -> Self {
        Self { target, free: Mutex::default() }
    }

    /// Sends one request and judges its answer.
    ///
    /// # Errors
    /// Says what went wrong.
    pub(super) async fn ask(&self) -> Result<(), String> {
        let limit = self.target.timeout;
        let answer = tokio::time::timeout(limit, self.answer()).await.map_err(|_| format!("no whole answer within {} ms", limit.as_millis()))??;
        self.target.expect.judge(&answer)
    }

    async fn answer(&self) -> Result<Answer, String> {
        let (mut sender, response) = self.send().await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| format!("the answer was cut off: {}", chain(&error)))?.to_bytes();
        let stays = self.target.connection == Connection::KeptAlive && !announces_close(&head.headers);
        if stays && sender.requests.ready().await.is_ok() {
            self.free.lock().expect("no holder panics").push(sender);
        }
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Sends the request on a free connection, or on a new one when no free one took it.
    async fn send(&self) -> Result<(Sender, Response<hyper::body::Incoming>), String> {
        let mut request = self.request();
        while let Some(mut sender) = self.take_free() {
            match sender.requests.try_send_request(request).await {
                Ok(response) => return Ok((sender, response)),
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(format!("on a kept-alive connection: {}", chain(failed.error()))),
                },
            }
        }
        let mut sender = self.connect().await?;
        let response = sender.requests.send_request(request).await.map_err(|error| format!("on a new connection: {}", chain(&error)))?;
        Ok((sender, response))
    }

    fn take_free(&self) -> Option<Sender> {
        let mut free = self.free.lock().expect("no holder panics");
        std::iter::from_fn(|| free.pop()).find(|sender| !sender.is_closed())
    }

    async fn connect(&self) -> Result<Sender, String> {
        let stream = TcpStream::connect(self.target.address).await.map_err(|error| format!("cannot connect: {error}"))?;
        let (stream, socket) = shared(stream).map_err(|error| format!("cannot set up the connection: {error}"))?;
        let (requests, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| format!("cannot connect: {}", chain(&error)))?;
        tokio::spawn(connection);
        Ok(Sender { requests, socket })
    }

    fn request(&self) -> Request<RequestBody> {
        let target = &self.target;
        let mut request = Request::builder().method(&target.method).uri(&target.path).header(header::HOST, &target.host);
        if target.connection == Connection::Fresh {
            request = request.header(header::CONNECTION, "close");
        }
        request.body(body(&target.body)).expect("the parts of a target make a request")
    }
}

/// The connection, and a second handle to its socket, which does not block.
fn shared(stream: TcpStream) -> io::Result<(TcpStream, std::net::TcpStream)> {
    stream.set_nodelay(true)?;
    let stream = stream.into_std()?;
    let socket = stream.try_clone()?;
    Ok((TcpStream::from_std(stream)?, socket))
}

fn body(body: &Body) -> RequestBody {
    match body.clone() {
        Body::Empty => Empty::new().boxed_unsync(),
        Body::Whole(bytes) => Full::new(bytes).boxed_unsync(),
        Body::Chunks { pieces, pause } => StreamBody::new(futures_util::stream::iter(pieces).then(move |piece| async move {
            tokio::time::sleep(pause).await;
            Ok(Frame::data(piece))
        }))
        .boxed_unsync(),
    }
}

fn announces_close(headers: &hyper::HeaderMap) -> bool {
    headers.get(header::CONNECTION).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

/// An error with all its causes, as hyper's own texts leave them out.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
