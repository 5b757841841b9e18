//! A program behind the proxy: answers with its name, and does what the path says.
//!
//! - `/hold` answers when [`Backend::release`] is called, after [`Backend::held`] was told;
//! - `/echo` sends the body back as it comes, `/head` the head of the request as JSON;
//! - `/hangup` closes the connection after the answer, without a word; `/trickle` answers in two pieces, the second
//!   when released;
//! - an upgrade is taken, and what comes is sent back.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

type Body = BoxBody<Bytes, hyper::Error>;

pub struct Backend {
    pub address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

struct State {
    name: &'static str,
    held: Semaphore,
    release: Semaphore,
    retired: AtomicBool,
    connections: AtomicUsize,
    requests: AtomicUsize,
}

impl Backend {
    pub async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            name,
            held: Semaphore::new(0),
            release: Semaphore::new(0),
            retired: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, task }
    }

    /// Waits until a request is held.
    pub async fn held(&self) {
        self.state.held.acquire().await.unwrap().forget();
    }

    /// Lets one held request go on.
    pub fn release(&self) {
        self.state.release.add_permits(1);
    }

    /// From here on a request is a mistake, and answered as one.
    pub fn retire(&self, retired: bool) {
        self.state.retired.store(retired, SeqCst);
    }

    pub fn connections(&self) -> usize {
        self.state.connections.load(SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.state.requests.load(SeqCst)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        state.connections.fetch_add(1, SeqCst);
        tokio::spawn(serve(stream, Arc::clone(&state)));
    }
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    stream.set_nodelay(true).unwrap();
    let hangup = Arc::new(tokio::sync::Notify::new());
    let service = service_fn(|request: Request<Incoming>| {
        state.requests.fetch_add(1, SeqCst);
        if request.uri().path() == "/hangup" {
            hangup.notify_one();
        }
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(answer(&state, request).await) }
    });
    let mut connection = std::pin::pin!(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades());
    tokio::select! {
        _ = connection.as_mut() => {}
        () = async { hangup.notified().await; tokio::task::yield_now().await; } => { let _ = futures_util::poll!(connection.as_mut()); }
    }
}

async fn answer(state: &Arc<State>, mut request: Request<Incoming>) -> Response<Body> {
    if state.retired.load(SeqCst) {
        return status(StatusCode::INTERNAL_SERVER_ERROR, full("asked after it was drained"));
    }
    if request.headers().contains_key(header::UPGRADE) {
        tokio::spawn(echo_tunnel(hyper::upgrade::on(&mut request)));
        let mut response = status(StatusCode::SWITCHING_PROTOCOLS, full(""));
        response.headers_mut().insert(header::CONNECTION, "upgrade".parse().unwrap());
        response.headers_mut().insert(header::UPGRADE, "echo".parse().unwrap());
        return response;
    }
    match request.uri().path() {
        "/hold" => {
            state.held.add_permits(1);
            state.release.acquire().await.unwrap().forget();
            status(StatusCode::OK, full(state.name))
        }
        "/trickle" => status(StatusCode::OK, trickle(Arc::clone(state))),
        "/echo" => status(StatusCode::OK, request.into_body().boxed()),
        "/head" => head(&request),
        "/hopping" => hopping(),
        _ => status(StatusCode::OK, full(state.name)),
    }
}

fn head(request: &Request<Incoming>) -> Response<Body> {
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers: std::collections::BTreeMap<_, _> = request
        .headers()
        .keys()
        .map(|name| (name.as_str(), request.headers().get_all(name).iter().map(text).collect::<Vec<_>>().join(", ")))
        .collect();
    let told = serde_json::json!({ "method": request.method().as_str(), "target": request.uri().to_string(), "headers": headers });
    status(StatusCode::OK, full(told.to_string()))
}

fn hopping() -> Response<Body> {
    let mut response = status(StatusCode::OK, full("hop"));
    for (name, value) in [("connection", "x-private"), ("x-private", "1"), ("keep-alive", "timeout=5"), ("x-public", "2")] {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn trickle(state: Arc<State>) -> Body {
    let pieces = futures_util::stream::unfold(0, move |step| {
        let state = Arc::clone(&state);
        async move {
            match step {
                0 => Some((Ok(Frame::data(Bytes::from_static(b"first"))), 1)),
                1 => {
                    state.release.acquire().await.unwrap().forget();
                    Some((Ok(Frame::data(Bytes::from_static(b"second"))), 2))
                }
                _ => None,
            }
        }
    });
    BodyExt::boxed(StreamBody::new(Box::pin(pieces) as std::pin::Pin<Box<dyn futures_util::Stream<Item = _> + Send + Sync>>))
}

async fn echo_tunnel(upgraded: hyper::upgrade::OnUpgrade) {
    let (mut from, mut to) = tokio::io::split(TokioIo::new(upgraded.await.unwrap()));
    let _ = tokio::io::copy(&mut from, &mut to).await;
}

fn status(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never| match never {}).boxed()
}
