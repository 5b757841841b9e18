//! A slot: answers with its word, shows what it was asked, and answers some requests when it is let to.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{any, get};
use plimsoll_model::route::Upstream;
use tokio::net::TcpListener;
use tokio::sync::Notify;

#[derive(Clone)]
pub struct Slot {
    address: SocketAddr,
    /// Told when a slow request has come.
    pub asked: Arc<Notify>,
    /// Lets it be answered.
    pub answer: Arc<Notify>,
}

impl Slot {
    pub async fn new(word: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are ports");
        let slot = Self { address: listener.local_addr().expect("it is bound"), asked: Arc::default(), answer: Arc::default() };
        let slow = slot.clone();
        let app = Router::new()
            .route("/slow", get(async move || slow.wait(word).await))
            .route("/tunnel", get(tunnel))
            .route("/", get(async move || word))
            .fallback(any(shown));
        tokio::spawn(async move { axum::serve(listener, app).await });
        slot
    }

    pub fn upstream(&self) -> Upstream {
        Upstream::Slot { slot: "shop/dev/web-1".into(), address: self.address }
    }

    async fn wait(&self, word: &'static str) -> &'static str {
        self.asked.notify_one();
        self.answer.notified().await;
        word
    }
}

/// What was asked: target and headers, sorted, one a line.
async fn shown(request: Request) -> String {
    let mut lines: Vec<String> =
        request.headers().iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))).collect();
    lines.sort();
    format!("{} {}\n{}", request.method(), request.uri(), lines.join("\n"))
}

/// Changes to another protocol, in which it says one word.
async fn tunnel(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let tunnel = upgrade.await.expect("it is agreed");
        let mut tunnel = hyper_util::rt::TokioIo::new(tunnel);
        tokio::io::AsyncWriteExt::write_all(&mut tunnel, b"word in the tunnel").await.expect("it is read");
    });
    let answer = Response::builder().status(101).header("connection", "upgrade").header("upgrade", "words");
    answer.body(Body::empty()).expect("it is an answer")
}
